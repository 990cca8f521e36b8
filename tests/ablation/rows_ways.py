"""The ways to a peer: which hub is asked, what its answer is worth, and what a person does with a leg that one holds.

Rules of the table: `safeguard`.
"""

from tests.ablation.safeguard import Safeguard

_HELD = "tests/unit/flow/test_hub_held.py::"
_WAYS = "tests/unit/flow/test_ways.py::"
_TWO = "tests/unit/flow/test_two_hubs.py::"

ROWS = (
    Safeguard(
        name="what a hub answers instead of holding it leaves it to the next one",
        row="28",
        file="emla/flow/line/ways.py",
        old="            if not isinstance(answer, Refusal):",
        new="            if True:",
        held_by=(
            f"{_WAYS}test_a_hub_that_refuses_leaves_it_to_the_next_one",
            f"{_TWO}test_what_the_first_hub_answers_instead_of_holding_it_leaves_it_to_the_second",
        ),
    ),
    Safeguard(
        name="only what holds a package or was said by its recipient ends an attempt",
        row="28",
        file="emla/flow/line/deliver.py",
        old="return verified if said.event in _ENDS else",
        new="return verified if True else",
        held_by=(f"{_TWO}test_the_recipients_word_about_the_content_is_no_answer_to_a_package",),
    ),
    Safeguard(
        name="a hub's rejection is kept beside the acceptance of another",
        row="a rule",
        file="emla/flow/line/deliver.py",
        old="            await self._held.rejected(verified)\n",
        new="",
        held_by=(f"{_TWO}test_a_hubs_rejection_is_kept_beside_the_acceptance_of_the_other",),
    ),
    Safeguard(
        name="a hub that takes and hides is not the only one that is asked",
        row="62",
        file="emla/flow/line/ways.py",
        old="first = turn % len(hubs) if hubs else 0",
        new="first = 0",
        held_by=(
            f"{_WAYS}test_each_time_another_hub_is_asked_first",
            f"{_TWO}test_a_hub_that_takes_packages_and_hides_them_is_not_the_only_one_that_is_given_them",
            f"{_TWO}test_a_hub_that_hides_an_answer_is_not_the_only_one_that_is_given_it",
        ),
    ),
    Safeguard(
        name="the hubs' turns go on where they are asked ever more seldom",
        row="62",
        file="emla/flow/line/hub_held.py",
        old="turn=leg.attempts.bit_length()",
        new="turn=leg.attempts",
        held_by=(f"{_TWO}test_a_hub_that_hides_an_answer_is_not_the_only_one_that_is_given_it",),
    ),
    Safeguard(
        name="a hub's refusal that time mends is told first",
        row="28",
        file="emla/flow/line/ways.py",
        old="if refused is None or is_final:",
        new="if True:",
        held_by=(f"{_WAYS}test_what_time_mends_is_told_before_what_it_does_not",),
    ),
    Safeguard(
        name="a hub's refusal puts nothing aside that another hub may take",
        row="28",
        file="emla/flow/line/ways.py",
        old="code=code or self._unreached(hubs)",
        new="code=code",
        held_by=(f"{_WAYS}test_no_hub_has_put_aside_what_another_one_may_take_that_is_not_reached",),
    ),
    Safeguard(
        name="what a person wants tried waits for no pause of a line",
        row="a rule",
        file="emla/flow/line/ways.py",
        old="            self._down.pop(each, None)",
        new="            pass",
        held_by=(
            f"{_WAYS}test_what_a_person_wants_tried_waits_for_no_pause",
            f"{_HELD}test_what_a_person_wants_tried_is_tried_by_every_way_though_its_line_was_left_alone",
        ),
    ),
    Safeguard(
        name="what a person wants tried is offered to a hub whose turn it is not",
        row="a rule",
        file="emla/flow/line/hub_held.py",
        old="or not peer.card.endpoints or was_asked:",
        new="or not peer.card.endpoints:",
        held_by=(
            f"{_HELD}test_what_a_person_wants_tried_is_tried_by_every_way_though_its_line_was_left_alone",
        ),
    ),
    Safeguard(
        name="what a hub holds is released as what a hub holds",
        row="a rule",
        file="emla/flow/line/hold.py",
        old="            if state is not LegState.READY:",
        new="            if False:",
        held_by=(f"{_HELD}test_what_a_hub_holds_is_let_go_on_as_what_a_hub_holds",),
    ),
    Safeguard(
        name="a word that is known moves what was put back",
        row="a rule",
        file="emla/flow/record.py",
        old="                _move_again(transaction, said.pid)\n",
        new="",
        held_by=(f"{_HELD}test_a_hubs_word_that_is_known_moves_what_was_put_back",),
    ),
    Safeguard(
        name="a release lets go what it names and not what has got its number",
        row="61",
        file="emla/flow/hub/mailbox.py",
        old="        if release.ref not in (None, item.ref):",
        new="        if False:",
        held_by=(
            "tests/unit/flow/test_mailbox.py::test_a_release_that_names_something_else_than_the_item_lets_nothing_go",
        ),
    ),
    Safeguard(
        name="a release names what was taken",
        row="61",
        file="emla/flow/member/collect.py",
        old="Release(item=item.item, proof=taken.proof, ref=item.ref)",
        new="Release(item=item.item, proof=taken.proof)",
        held_by=(
            "tests/unit/flow/test_collect_restored_hub.py::test_what_has_got_the_number_of_something_that_was_taken_is_not_let_go_with_it",
        ),
    ),
)
