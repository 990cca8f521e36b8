"""What a case is made of: who may say what, in which order acts count, what crosses, what ends.

Rules of the table: `safeguard`.
"""

from tests.ablation.safeguard import Safeguard

_REQUESTS = "tests/unit/cases/test_requests.py"
_CROSSING = "tests/unit/cases/test_crossing_and_closing.py"
_WHICH = "tests/unit/cases/test_which_request.py"
_SPECIAL = "tests/unit/cases/test_special.py"

ROWS = (
    Safeguard(
        name="what only the other side may say has no effect",
        row="BR-054",
        file="emla/cases/fold.py",
        old="        if writer not in (side, Side.EITHER):\n",
        new="        if writer is None:\n",
        held_by=(f"{_SPECIAL}::test_the_receiver_does_not_give_and_the_giver_does_not_answer",),
    ),
    Safeguard(
        name="a row of a table holds for the side that it names",
        row="BR-054",
        file="emla/model/transition.py",
        old="if row.who in (side, Side.EITHER)), None)",
        new="if row.who), None)",
        held_by=(f"{_CROSSING}::test_only_who_asked_proposes_to_close",),
    ),
    Safeguard(
        name="who has no part in a request moves nothing",
        row="CA-004",
        file="emla/cases/standing.py",
        old="        return Side.ADDRESSEE if authority in self.addressees else None\n",
        new="        return Side.ADDRESSEE if self.addressees else None\n",
        held_by=(f"{_REQUESTS}::test_an_authority_without_a_part_in_the_request_moves_nothing",),
    ),
    Safeguard(
        name="an answer stands after what it answers, whatever the clocks say",
        row="cases",
        file="emla/cases/order.py",
        old="            if answered is not None:\n",
        new="            if not by_key:\n",
        held_by=(f"{_WHICH}::test_the_instant_of_issue_never_puts_an_answer_before_what_it_answers",),
    ),
    Safeguard(
        name="of two texts with one id the same one counts everywhere",
        row="BR-001",
        file="emla/cases/order.py",
        old="    for key, digest in sorted(by_digest):\n",
        new="    for key, digest in by_digest:\n",
        held_by=(f"{_WHICH}::test_of_two_texts_with_one_id_one_counts_whichever_came_first",),
    ),
    Safeguard(
        name="a third State puts no message in the place of another",
        row="cases",
        file="emla/cases/order.py",
        old="    return min(own or named,",
        new="    return min(named,",
        held_by=(f"{_WHICH}::test_a_message_of_a_third_state_takes_the_place_of_no_other",),
    ),
    Safeguard(
        name="a case id that a third State uses as well makes nothing unclear",
        row="cases",
        file="emla/cases/docket.py",
        old="    return {standing.side_of(act.sender), standing.side_of(act.recipient)} == {Side.OPENER, Side.ADDRESSEE}\n",
        new="    return Side.ADDRESSEE in {standing.side_of(act.sender), standing.side_of(act.recipient)}\n",
        held_by=(f"{_WHICH}::test_two_states_that_use_one_case_id_have_two_requests",),
    ),
    Safeguard(
        name="an act counts in its own case alone",
        row="CA-002",
        file="emla/cases/fold.py",
        old="        if standing.opening.case_id != act.case_id:\n",
        new="        if not act.case_id:\n",
        held_by=(f"{_WHICH}::test_an_answer_in_another_case_has_no_effect",),
    ),
    Safeguard(
        name="an update is written on what is there",
        row="BR-053",
        file="emla/cases/answers.py",
        old="    if act.generation != standing.generation + 1:\n",
        new="    if act.generation < 1:\n",
        held_by=(f"{_REQUESTS}::test_an_update_of_an_older_text_has_no_effect",),
    ),
    Safeguard(
        name="an answer closes no question that it leaves open",
        row="BR-052",
        file="emla/cases/answers.py",
        old="left if inquiry.mandatory or not act.flag else frozenset()",
        new="frozenset() if act.flag else left",
        held_by=(
            f"{_REQUESTS}::test_an_answer_that_leaves_a_mandatory_question_open_leaves_the_request_waiting",
        ),
    ),
    Safeguard(
        name="conditions of a decision that was replaced bind nobody",
        row="BR-040",
        file="emla/cases/decisions.py",
        old="        hearing.set_measure(each.measure_id, pending=pending)\n",
        new="        hearing.set_measure(\n            each.measure_id, pending=pending | hearing.standing.measures[each.measure_id].pending\n        )\n",
        held_by=(f"{_REQUESTS}::test_the_answer_to_conditions_that_were_replaced_binds_nobody",),
    ),
    Safeguard(
        name="a result is final only when every measure has come to an end",
        row="BR-055",
        file="emla/cases/decisions.py",
        old="final=final and not open_measures",
        new="final=final",
        held_by=(f"{_REQUESTS}::test_a_report_of_results_that_is_final_too_early_is_not_final_later",),
    ),
    Safeguard(
        name="material that crossed a withdrawal may not be used",
        row="BR-059",
        file="emla/cases/decisions.py",
        old="    if measure.gone and not _still_wanted(hearing):\n",
        new="    if measure.gone and not hearing:\n",
        held_by=(
            f"{_CROSSING}::test_a_result_that_crosses_a_withdrawal_is_kept_and_may_not_be_used[withdrawal first]",
        ),
    ),
    Safeguard(
        name="what was received cannot be withdrawn",
        row="BR-059",
        file="emla/cases/answers.py",
        old="            if measure.crossing or _confirmed(hearing, measure):\n",
        new="            if measure.crossing:\n",
        held_by=(f"{_CROSSING}::test_what_was_received_cannot_be_withdrawn",),
    ),
    Safeguard(
        name="nobody confirms a withdrawal that there is not",
        row="BR-054",
        file="emla/cases/decisions.py",
        old="    if not confirmed:\n        hearing.objects(NOT_WITHDRAWN)\n        return\n",
        new="",
        held_by=(f"{_CROSSING}::test_nobody_confirms_a_withdrawal_that_there_is_not",),
    ),
    Safeguard(
        name="a case stays open while something is to be returned",
        row="BR-058",
        file="emla/cases/answers.py",
        old='    if act.code != "OBJECTED" and standing.to_return:\n',
        new="    if not act.code:\n",
        held_by=(f"{_CROSSING}::test_a_case_stays_open_while_something_is_to_be_returned",),
    ),
    Safeguard(
        name="the holder waives nothing",
        row="BR-058",
        file="emla/cases/answers.py",
        old="    if meant and hearing.side is not right:\n",
        new="    if meant and hearing.side is None:\n",
        held_by=(f"{_CROSSING}::test_a_case_stays_open_while_something_is_to_be_returned",),
    ),
    Safeguard(
        name="only the owner lifts what binds the holder",
        row="BR-041",
        file="emla/cases/answers.py",
        old="        hearing.change(limits=standing.limits | set(act.limits))\n",
        new="        hearing.change(limits=frozenset(act.limits))\n",
        held_by=(f"{_SPECIAL}::test_only_the_owner_lifts_what_binds_the_holder",),
    ),
    Safeguard(
        name="nobody signs for another party",
        row="cases",
        file="emla/cases/decisions.py",
        old="({act.sender} & set(act.signed))",
        new="set(act.signed)",
        held_by=(f"{_SPECIAL}::test_a_team_exists_when_each_party_has_signed_for_itself",),
    ),
    Safeguard(
        name="another State follows up no preservation of ours",
        row="cases",
        file="emla/cases/fold.py",
        old="            if _states(kept) == _states(follower) and follower.request is not None:\n",
        new="            if follower.request is not None:\n",
        held_by=(f"{_SPECIAL}::test_a_request_of_another_state_follows_no_preservation_of_ours",),
    ),
)
