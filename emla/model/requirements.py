"""What an authority wants of requests, as its profile says it (docs/spec/documents.md 4): documents, thresholds, days.

Not here: what follows for a message (``emla.rules.profile``), the languages and contacts beside it (``emla.model.documents``).
Rule of this file: None, or nothing listed, means that the profile does not say; nobody may read it as "no".
"""

from dataclasses import dataclass
from enum import StrEnum

SERVICE_DAYS_MAX = 50
"""More notice of a hearing than this no declaration may ask for (ETS30 7(3))."""
REPLY_DAYS_MAX = 3650
MEASURES_MAX = 64
DOCUMENTS_MAX = 32
"""Kinds of documents with one measure."""


class Electronic(StrEnum):
    """The words of ``electronic_acceptance`` that a gateway understands; any other line is for people."""

    ALL = "all"
    ORIGINAL_FOLLOWS = "original-follows"
    """Taken electronically, and wanted on paper afterwards."""
    NOT_ACCEPTED = "not-accepted"
    """Formal messages are not taken electronically."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """An amount in whole units of a currency (ISO 4217)."""

    amount: int
    currency: str

    def __str__(self) -> str:
        """As people write and type it: ``500 EUR``."""
        return f"{self.amount} {self.currency}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirements:
    """What an authority wants of requests."""

    urgent_languages: tuple[str, ...] = ()
    """What it takes when the matter is urgent, in place of its languages."""
    documents: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """(code of CL-MEASURE, codes of CL-DOCTYPE): what must come with a measure. Codes need not be known here."""
    de_minimis: Sum | None = None
    """It takes up a case from this loss on."""
    service_days: int | None = None
    """So many days before the hearing a summons to an accused must be there."""
    reply_days: int | None = None
    """It promises no answer before so many days."""
    informs_subjects: bool | None = None
    """Whether its law makes it inform the person concerned, whatever is asked."""


NOTHING = Requirements()
