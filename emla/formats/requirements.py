"""What a profile wants of requests (docs/spec/documents.md 4.3): one optional object of optional members.

Rules of this file:
- One spelling for one meaning: what says nothing is left out, an empty object or list is malformed.
- Codes are checked for their form alone. The lists they come from grow, and a peer with a newer list must stay readable.
"""

from emla.formats.patterns import CODE, CURRENCY, LANGUAGE
from emla.formats.strict_json import INTEGER_MAX, Json, Members
from emla.model.errors import MalformedError
from emla.model.requirements import (
    DOCUMENTS_MAX,
    MEASURES_MAX,
    NOTHING,
    REPLY_DAYS_MAX,
    SERVICE_DAYS_MAX,
    Requirements,
    Sum,
)

LANGUAGES_MAX = 32


def encode_requirements(wanted: Requirements) -> dict[str, Json]:
    """Encode what is said, and nothing else."""
    members: dict[str, Json] = {}
    if wanted.urgent_languages:
        members["urgent_languages"] = list(wanted.urgent_languages)
    if wanted.documents:
        members["documents"] = [
            {"measure": measure, "documents": list(documents)} for measure, documents in wanted.documents
        ]
    if wanted.de_minimis is not None:
        members["de_minimis"] = {"amount": wanted.de_minimis.amount, "currency": wanted.de_minimis.currency}
    if wanted.service_days is not None:
        members["service_days"] = wanted.service_days
    if wanted.reply_days is not None:
        members["reply_days"] = wanted.reply_days
    if wanted.informs_subjects is not None:
        members["informs_subjects"] = wanted.informs_subjects
    return members


def decode_requirements(members: Members) -> Requirements:
    """Decode the member ``requirements`` of a profile.

    Raises:
        MalformedError: it says nothing, or something twice, or has what is not known here.
    """
    wanted = Requirements(
        urgent_languages=_urgent_languages(members),
        documents=_documents(members),
        de_minimis=_sum(members.members("de_minimis")) if members.has("de_minimis") else None,
        service_days=_days(members, "service_days", SERVICE_DAYS_MAX),
        reply_days=_days(members, "reply_days", REPLY_DAYS_MAX),
        informs_subjects=members.truth("informs_subjects") if members.has("informs_subjects") else None,
    )
    members.finish()
    if wanted == NOTHING:
        raise MalformedError("profile has requirements that require nothing.")
    return wanted


def _urgent_languages(members: Members) -> tuple[str, ...]:
    if not members.has("urgent_languages"):
        return ()
    return _distinct(members.texts("urgent_languages", LANGUAGES_MAX, LANGUAGE), "an urgent language")


def _documents(members: Members) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if not members.has("documents"):
        return ()
    found = tuple(_of_measure(each) for each in members.objects("documents", MEASURES_MAX))
    _distinct(tuple(measure for measure, _ in found), "a measure")
    return found


def _of_measure(members: Members) -> tuple[str, tuple[str, ...]]:
    measure = members.text("measure", CODE)
    documents = _distinct(members.texts("documents", DOCUMENTS_MAX, CODE), "a document of a measure")
    members.finish()
    return measure, documents


def _distinct(found: tuple[str, ...], what: str) -> tuple[str, ...]:
    if not found or len(set(found)) != len(found):
        raise MalformedError(f"profile lists {what} twice, or none.")
    return found


def _sum(members: Members) -> Sum:
    found = Sum(amount=members.integer("amount", 1, INTEGER_MAX), currency=members.text("currency", CURRENCY))
    members.finish()
    return found


def _days(members: Members, name: str, most: int) -> int | None:
    return members.integer(name, 1, most) if members.has(name) else None
