"""People: who is let in, what each role may do, whose a case is, and that a read leaves a leaf.

Rules of the table: `safeguard`.
"""

from tests.ablation.safeguard import Safeguard

_TOKENS = "emla/flow/people/tokens.py"
_PEOPLE = "emla/flow/people/people.py"
_ROWS = "tests/attacks/test_rows_73_74.py"
_TEST = "tests/integration/test_people.py"
_ROW_77 = "tests/attacks/test_row_77.py"
_REPEATED = "tests/unit/web/test_repeated.py"

ROWS = (
    Safeguard(
        name="a call bears a token that counts",
        row="row 74",
        file=_TOKENS,
        old="if token is None or person is None or not is_right or not token.counts(self._gateway.now()):",
        new="if token is None or person is None:",
        held_by=(f"{_ROWS}::test_nobody_is_let_in_without_a_token_that_counts",),
    ),
    Safeguard(
        name="an ended token opens nothing",
        row="row 74",
        file="emla/model/person.py",
        old="return self.revoked_at is None and now < self.expires_at",
        new="return True",
        held_by=(
            f"{_TEST}::test_a_token_ends_by_its_person_or_a_custodian_and_by_nobody_else",
            "tests/unit/model/test_person.py::test_a_token_counts_until_it_ends",
        ),
    ),
    Safeguard(
        name="a call is for its roles alone",
        row="row 74",
        file="emla/web/rights.py",
        old="if wanted and not caller.roles & wanted:",
        new="if False:",
        held_by=(f"{_ROWS}::test_keys_and_people_are_for_their_custodian_alone",),
    ),
    Safeguard(
        name="an invitation opens nothing but one's own token",
        row="row 74",
        file="emla/web/rights.py",
        old='    ("GET", "/v1/status"): ANY_ROLE,\n',
        new='    ("GET", "/v1/status"): SELF,\n',
        held_by=(f"{_TEST}::test_an_invitation_makes_one_token_and_opens_nothing_else",),
    ),
    Safeguard(
        name="a call without a row is not served",
        row="row 74",
        file="emla/web/rights.py",
        old="if (method, path) not in OPERATIONS:",
        new="if False:",
        held_by=("tests/unit/web/test_rights.py::test_a_call_without_a_row_does_not_start",),
    ),
    Safeguard(
        name="a call that nobody described is not served",
        row="row 74",
        file="emla/web/contract_api.py",
        old="if (method, path) not in CALLS:",
        new="if False:",
        held_by=("tests/unit/web/test_contract.py::test_a_call_that_nobody_described_does_not_start",),
    ),
    Safeguard(
        name="another request under a key that came before is refused",
        row="issue 6",
        file="emla/flow/repeats.py",
        old="if row.fingerprint != key.fingerprint:",
        new="if False:",
        held_by=(f"{_REPEATED}::test_another_request_under_the_same_key_is_refused",),
    ),
    Safeguard(
        name="a call with a key that is under way is not begun again",
        row="issue 6",
        file="emla/flow/repeats.py",
        old="if key.id in self._under_way:",
        new="if False:",
        held_by=(f"{_REPEATED}::test_while_it_is_under_way_the_second_is_told_to_wait",),
    ),
    Safeguard(
        name="an answer that is kept opens to its token alone",
        row="row 74",
        file="emla/web/repeated.py",
        old='request.headers.get("Authorization", "")',
        new='""',
        held_by=(f"{_REPEATED}::test_a_key_is_its_token_s_and_nobody_else_is_told_its_answer",),
    ),
    Safeguard(
        name="an answer that is kept is sealed",
        row="row 74",
        file="emla/flow/repeats.py",
        old="sealed = seal_answer(answer, key, self._gateway.entropy(NONCE_BYTES))",
        new="sealed = seal_answer(answer, key, self._gateway.entropy(NONCE_BYTES)) + answer.body",
        held_by=(f"{_REPEATED}::test_nothing_of_an_answer_that_is_kept_can_be_read_in_the_folder",),
    ),
    Safeguard(
        name="a foreign case is not there",
        row="row 73",
        file="emla/flow/people/sight.py",
        old="            and self._gateway.store.read.is_named(case_id, caller.id)\n",
        new="",
        held_by=(f"{_ROWS}::test_lists_show_a_prosecutor_nothing_of_foreign_cases",),
    ),
    Safeguard(
        name="asking for a foreign case leaves a leaf",
        row="row 73",
        file="emla/flow/people/sight.py",
        old="        await self._gateway.store.write(event(self._gateway, CONTENT_REFUSED, facts))\n",
        new="        event(self._gateway, CONTENT_REFUSED, facts)\n",
        held_by=(
            f"{_ROWS}::test_a_foreign_case_is_not_there_by_whatever_way_and_a_leaf_tells_who_asked[id]",
        ),
    ),
    Safeguard(
        name="nobody joins a foreign case by writing into it",
        row="row 73",
        file="emla/flow/people/drafting.py",
        old="    if read.acts_of_case(case_id, 1) and not read.is_named(case_id, drafter.id):\n",
        new="    if False:\n",
        held_by=(f"{_ROWS}::test_nobody_becomes_part_of_a_foreign_case_by_writing_into_it",),
    ),
    Safeguard(
        name="a read leaves a leaf before its bytes",
        row="invariant 25",
        file="emla/flow/line/hand_over.py",
        old="            read_now(transaction)\n",
        new="",
        held_by=("tests/unit/flow/test_hand_over.py::test_the_leaf_is_committed_before_the_first_byte",),
    ),
    Safeguard(
        name="an operator is shown envelopes only",
        row="row 74",
        file="emla/web/authority_api.py",
        old="content = self._hand_over.content(pid, listed.signed) if caller.sees_content else None",
        new="content = self._hand_over.content(pid, listed.signed)",
        held_by=(f"{_ROWS}::test_an_operator_sees_that_a_package_is_there_and_nothing_of_what_is_in_it",),
    ),
    Safeguard(
        name="an invitation makes one token",
        row="row 74",
        file=_TOKENS,
        old="    if invitation is not None and not transaction.revoke_token(invitation.id, at):\n",
        new="    if False:\n",
        held_by=(
            f"{_TEST}::test_two_uses_of_an_invitation_at_once_make_one_token",
            f"{_TEST}::test_an_invitation_makes_one_token_and_opens_nothing_else",
        ),
    ),
    Safeguard(
        name="a token is no more than what it was taken with",
        row="row 74",
        file="emla/web/people_api.py",
        old="        if not roles <= most:\n",
        new="        if False:\n",
        held_by=(f"{_TEST}::test_a_token_is_never_more_than_its_person_or_than_what_it_was_taken_with",),
    ),
    Safeguard(
        name="who is shut out is out",
        row="row 74",
        file=_PEOPLE,
        old="                transaction.revoke_tokens(person.id, at)\n",
        new="                pass\n",
        held_by=(f"{_TEST}::test_who_is_shut_out_is_out_at_once_and_comes_back_by_a_new_invitation",),
    ),
    Safeguard(
        name="nobody changes rights of his own",
        row="row 75",
        file=_PEOPLE,
        old="        if by.id == person.id:\n",
        new="        if False:\n",
        held_by=(f"{_TEST}::test_nobody_changes_rights_of_his_own_and_somebody_is_left_to_manage_people",),
    ),
    Safeguard(
        name="somebody is left who may manage people",
        row="row 74",
        file=_PEOPLE,
        old="            transaction.update_person(changed)\n            _require_custodian(transaction.people())\n",
        new="            transaction.update_person(changed)\n",
        held_by=(
            "tests/unit/flow/test_people.py::test_of_two_changes_the_second_is_judged_by_what_the_first_left",
        ),
    ),
    Safeguard(
        name="roles exclude one another",
        row="row 75",
        file=_PEOPLE,
        old="    if found := conflicts(roles):\n",
        new="    if False and (found := conflicts(roles)):\n",
        held_by=(f"{_TEST}::test_roles_that_exclude_one_another_are_nobodys",),
    ),
    Safeguard(
        name="guesses are few",
        row="row 76",
        file="emla/web/people_api.py",
        old="        if not self._guesses.spend(name, now):\n",
        new="        if False:\n",
        held_by=(f"{_TEST}::test_a_password_takes_a_token_and_guesses_are_few",),
    ),
    Safeguard(
        name="that a foreign case names one's own is not told",
        row="row 73",
        file="emla/web/cases_api.py",
        old='            if each["named"] or self._sight.sees(caller, bytes.fromhex(str(each["case_id"])))\n',
        new="",
        held_by=(f"{_ROWS}::test_that_a_foreign_case_names_ones_own_is_not_told",),
    ),
    Safeguard(
        name="what libraries say is logged without their values",
        row="row 77",
        file="emla/bootstrap/logs.py",
        old='    return str(record.msg).partition("\\n")[0][:_WORDS_MAX]\n',
        new="    return record.getMessage()\n",
        held_by=(f"{_ROW_77}::test_libraries_put_none_of_their_values_into_the_log",),
    ),
    Safeguard(
        name="what nobody caught is told without its words",
        row="row 77",
        file="emla/bootstrap/logs.py",
        old="    sys.excepthook = lambda _kind, error, _trace: _tell_broken(error)\n",
        new="",
        held_by=(f"{_ROW_77}::test_what_nobody_awaited_or_caught_is_told_without_its_words",),
    ),
    Safeguard(
        name="a line of the log has the listed fields alone",
        row="row 77",
        file="emla/bootstrap/logs.py",
        old="        for name in FIELDS:\n",
        new="        for name in record.__dict__:\n",
        held_by=(f"{_ROW_77}::test_a_message_is_one_line_whatever_is_in_it",),
    ),
)
