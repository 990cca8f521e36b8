"""Four eyes: nothing goes without a second person who saw exactly these bytes.

Rules of the table: `safeguard`.
"""

from tests.ablation.safeguard import Safeguard

_EYES = "emla/flow/line/four_eyes.py"
_DRAFTS = "emla/flow/drafts/drafts.py"
_TEST = "tests/unit/flow/test_drafts.py"
_ALONE = "tests/unit/flow/test_alone_and_crashes.py"
_RUNNING = "tests/integration/test_drafts.py"
_GOES = "test_without_a_second_person_goes_what_the_message_itself_calls_an_emergency"

ROWS = (
    Safeguard(
        name="a message needs a second person",
        row="domain 6.3",
        file="emla/flow/line/submit.py",
        old="            require_second(self._gateway, submission, checked.message, seen)\n",
        new="",
        held_by=(f"{_TEST}::test_nobody_on_record_sends_alone_where_there_are_approvers[paul-large]",),
    ),
    Safeguard(
        name="a second person is asked for inside the batch as well",
        row="domain 6.3",
        file="emla/flow/line/besides.py",
        old="        if is_needed(gateway, transaction):\n",
        new="        if False:\n",
        held_by=(f"{_TEST}::test_an_approver_put_on_record_in_the_middle_counts",),
    ),
    Safeguard(
        name="nobody approves a draft of his own",
        row="domain 6.3",
        file=_DRAFTS,
        old="        if row.drafter == by.id:\n",
        new="        if False:\n",
        held_by=(f"{_TEST}::test_a_drafter_does_not_return_his_own_as_an_approver",),
    ),
    Safeguard(
        name="the batch knows who drafted and who is an approver",
        row="domain 6.3",
        file=_EYES,
        old="    if not any(each.id == person and is_approver(each) for each in transaction.people()):\n",
        new="    if False:\n",
        held_by=(f"{_TEST}::test_who_is_no_approver_any_more_does_not_approve[shut out]",),
    ),
    Safeguard(
        name="what is approved is what was looked at",
        row="domain 6.3",
        file=_DRAFTS,
        old="        if self.hash_of(row, content) != wanted:\n",
        new="        if False:\n",
        held_by=(f"{_TEST}::test_the_hash_of_something_else_approves_nothing",),
    ),
    Safeguard(
        name="damaged parts of a draft are not sent",
        row="row 81",
        file="emla/flow/drafts/parts.py",
        old="            if plain is None:\n                raise damaged()\n",
        new="            plain = plain or bytes(cc1.CHUNK_BYTES)\n",
        held_by=(f"{_TEST}::test_damaged_bytes_are_refused_and_nothing_goes[file]",),
    ),
    Safeguard(
        name="a draft is decided once",
        row="domain 6.3",
        file="emla/flow/line/besides.py",
        old="        if not transaction.end_draft(approval.draft, DraftState.SENT, by, at, of=(DraftState.WAITING,)):\n",
        new="        if transaction.end_draft(approval.draft, DraftState.SENT, by, at, of=tuple(DraftState)) is None:\n",
        held_by=(f"{_TEST}::test_withdrawn_a_moment_before_the_batch_it_is_not_sent",),
    ),
    Safeguard(
        name="a draft of somebody who is shut out is not sent",
        row="domain 6.3",
        file=_DRAFTS,
        old="        if person is None or person.state is not PersonState.ACTIVE or not person.roles & _WRITERS:\n",
        new="        if person is None:\n",
        held_by=(f"{_TEST}::test_the_draft_of_somebody_who_is_shut_out_is_not_sent",),
    ),
    Safeguard(
        name="an emergency is what the message says",
        row="domain 6.3",
        file=_EYES,
        old="    if urgency_alone(submission, message, seen) is None:\n",
        new="    if False:\n",
        held_by=(f"{_ALONE}::{_GOES}[cara-URGENT-no-emergency]",),
    ),
    Safeguard(
        name="a draft is not there for others",
        row="row 73",
        file="emla/web/drafts_api.py",
        old="        own = [each for each in found if caller.sees_all_cases or each.drafter == caller.id]\n",
        new="        own = list(found)\n",
        held_by=(f"{_RUNNING}::test_a_draft_is_for_its_drafter_and_for_who_sees_all_cases",),
    ),
    Safeguard(
        name="the content of a draft goes with its end",
        row="invariant 27",
        file="emla/store/sqlite/draft_rows.py",
        old='        self._execute("DELETE FROM payload WHERE sha256 = ?", (row[1],))\n',
        new="",
        held_by=(f"{_TEST}::test_a_draft_that_nobody_decides_about_lapses_and_its_content_goes",),
    ),
)
