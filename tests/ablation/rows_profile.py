"""What an authority says it wants of requests: the form on the wire, and that rules ask it.

Rules of the table: `safeguard`.
"""

from tests.ablation.safeguard import Safeguard

_FORM = "emla/formats/requirements.py"
_VECTOR = (
    "tests/unit/test_vectors.py::test_our_code_says_what_the_vector_says[documents/profile-requirements-"
)
_RULES = "tests/unit/rules/test_profile.py"


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
)
