"""What an authority says it wants of requests: the form on the wire, and that rules ask it.

Rules of the table: `safeguard`.
"""

from tests.ablation.safeguard import Safeguard

_FORM = "emla/formats/requirements.py"
_VECTOR = (
    "tests/unit/test_vectors.py::test_our_code_says_what_the_vector_says[documents/profile-requirements-"
)
_RULES = "tests/unit/rules/test_profile.py"
_FLOW = "tests/unit/flow/test_profile.py"


def _vectors(*names: str) -> tuple[str, ...]:
    return tuple(f"{_VECTOR}{name}]" for name in names)


ROWS = (
    Safeguard(
        name="requirements that require nothing are malformed",
        row="documents 4.3",
        file=_FORM,
        old="    if wanted == NOTHING:\n",
        new="    if False:\n",
        held_by=_vectors("empty"),
    ),
    Safeguard(
        name="requirements have no unknown member",
        row="18",
        file=_FORM,
        old="    members.finish()\n    if wanted",
        new="    if wanted",
        held_by=_vectors("unknown-member"),
    ),
    Safeguard(
        name="nothing is wanted twice, and no list is empty",
        row="documents 4.3",
        file=_FORM,
        old="    if not found or len(set(found)) != len(found):\n",
        new="    if False:\n",
        held_by=_vectors(
            "documents-none", "measure-twice", "measure-alone", "document-twice", "urgent-twice"
        ),
    ),
    Safeguard(
        name="a peer writes codes, and nothing else, where codes are shown",
        row="documents 4.4",
        file=_FORM,
        old='members.texts("documents", DOCUMENTS_MAX, CODE)',
        new='members.texts("documents", DOCUMENTS_MAX)',
        held_by=_vectors("document-words"),
    ),
    Safeguard(
        name="no more notice of a hearing is asked for than a treaty allows",
        row="BR-043",
        file=_FORM,
        old='_days(members, "service_days", SERVICE_DAYS_MAX)',
        new='_days(members, "service_days", 10 * SERVICE_DAYS_MAX)',
        held_by=_vectors("service-51"),
    ),
    Safeguard(
        name="what is wanted with a measure reaches the rules",
        row="PR-002",
        file="emla/rules/profile.py",
        old="        documents=tuple((measure, each) for measure, documents in wanted.documents for each in documents),\n",
        new="        documents=(),\n",
        held_by=(f"{_RULES}::test_everything_that_a_profile_can_say_is_what_the_rules_ask",),
    ),
    Safeguard(
        name="days after the last day there is end no check",
        row="BR-020a",
        file="emla/rules/profile.py",
        old="return date.max if (date.max - day).days < days else day",
        new="return day",
        held_by=(f"{_RULES}::test_a_message_of_the_last_day_there_is_is_judged_like_any_other",),
    ),
    Safeguard(
        name="a request is checked against what its recipient wants before it is sealed",
        row="PR-002",
        file="emla/flow/line/submit.py",
        old="            wishes=wishes_of(recipient.profile) if recipient else None,\n",
        new="            wishes=None,\n",
        held_by=(f"{_FLOW}::test_what_is_wanted_reaches_a_peer_and_its_officers_are_asked_for_it",),
    ),
    Safeguard(
        name="a check for a recipient asks what it wants",
        row="PR-002",
        file="emla/cli/checking.py",
        old="            wishes=wishes_of(recipient.profile),\n",
        new="            wishes=None,\n",
        held_by=(
            "tests/unit/cli/test_message_check.py::test_check_for_a_recipient_asks_what_its_profile_wants_of_requests",
        ),
    ),
    Safeguard(
        name="whoever changes a profile has seen the one in force",
        row="profile-changed",
        file="emla/flow/documents/profile.py",
        old="        if seen != before.version:\n",
        new="        if False:\n",
        held_by=(f"{_FLOW}::test_of_two_who_change_what_they_saw_only_one_is_heard",),
    ),
    Safeguard(
        name="of two profiles at once the second is refused",
        row="profile-changed",
        file="emla/flow/documents/profile.py",
        old="            if documents.profile != known.documents.profile:\n",
        new="            if False:\n",
        held_by=(f"{_FLOW}::test_of_two_who_change_what_they_saw_only_one_is_heard",),
    ),
    Safeguard(
        name="what a profile says already is not published again",
        row="repeat",
        file="emla/flow/documents/profile.py",
        old="        if replace(wanted, version=before.version, created=before.created) == before:\n",
        new="        if False:\n",
        held_by=(f"{_FLOW}::test_what_is_said_already_is_not_published_a_second_time",),
    ),
    Safeguard(
        name="no profile is published over a closed ledger",
        row="42",
        file="emla/flow/documents/profile.py",
        old="        if closed := self._gateway.ledger_closed():\n",
        new="        if closed := None:\n",
        held_by=(f"{_FLOW}::test_no_profile_is_published_over_a_ledger_that_is_closed",),
    ),
    Safeguard(
        name="a profile that is too large as a signed object is not published",
        row="documents 1.1",
        file="emla/flow/documents/profile.py",
        old="            form.decode_signed(signed, PayloadType.PROFILE)\n",
        new="            pass\n",
        held_by=(f"{_FLOW}::test_what_no_peer_could_read_is_refused_and_changes_nothing",),
    ),
    Safeguard(
        name="nothing that an authority says is dropped in silence",
        row="documents 4",
        file="emla/formats/profile_members.py",
        old="    if members_of(profile) != members:\n",
        new="    if False:\n",
        held_by=(f"{_FLOW}::test_what_no_peer_could_read_is_refused_and_changes_nothing",),
    ),
    Safeguard(
        name="a profile that was lost comes back before anything is signed",
        row="42",
        file="emla/bootstrap/channels.py",
        old="profile_known(self.gateway) > own_profile or self.gateway",
        new="self.gateway",
        held_by=(
            "tests/unit/flow/test_recall_own.py::test_a_profile_that_was_lost_comes_back_before_the_next_card_is_published",
        ),
    ),
    Safeguard(
        name="only what can be attached is asked for",
        row="bad input",
        file="emla/cli/profile_edit.py",
        old="    if code in codes and codes[code].valid_on(today):\n",
        new="    if True:\n",
        held_by=(
            "tests/unit/cli/test_profile_edit.py::test_a_word_that_cannot_stand_there_is_refused_with_what_could",
        ),
    ),
    Safeguard(
        name="what a recipient wants is said before the request leaves its writer",
        row="PR-002",
        file="emla/cli/writer_finish.py",
        old="    return (\n        RECEIVING\n        if wishes is None",
        new="    return (\n        RECEIVING\n        if True",
        held_by=(
            "tests/unit/cli/test_message_new.py::test_what_the_recipient_wants_is_said_when_the_request_is_written",
        ),
    ),
    Safeguard(
        name="what goes on paper can be written",
        row="PR-001",
        file="emla/cli/writer_finish.py",
        old=" and each.rule not in _ABOUT_THE_RECIPIENT\n",
        new="\n",
        held_by=(
            "tests/unit/cli/test_message_new.py::test_what_the_recipient_wants_is_said_when_the_request_is_written",
        ),
    ),
    Safeguard(
        name="what was published and lost comes back where the ledger is behind",
        row="36",
        file="emla/bootstrap/channels.py",
        old=" or self.gateway.ledger_closed() == BEHIND\n",
        new="\n",
        held_by=(
            "tests/unit/flow/test_recall_own.py::test_a_revocation_that_was_lost_comes_back_where_the_ledger_is_behind",
        ),
    ),
    Safeguard(
        name="a ledger that does not know our own profile is behind",
        row="36",
        file="emla/flow/channel/recall_own.py",
        old="        elif newest.documents.profile != before.documents.profile:\n",
        new="        elif False:\n",
        held_by=(
            "tests/unit/flow/test_recall_own.py::test_a_profile_that_was_lost_comes_back_before_the_next_card_is_published",
        ),
    ),
    Safeguard(
        name="a peer is told which of its profiles is known",
        row="36",
        file="emla/flow/channel/own_status.py",
        old="            profile_known=self.peer.profile.version,\n",
        new="",
        held_by=(
            "tests/unit/flow/test_recall_own.py::test_a_profile_that_was_lost_comes_back_before_the_next_card_is_published",
        ),
    ),
)
