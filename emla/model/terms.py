"""Terms: on what the verdict about a message depends beside the message itself.

Here: frozen values that whoever asks for a check hands in. Not here: the rules (``emla.rules``, ``schemas/rules``).
What is None is not known, and the rules that need it say nothing.
"""

from dataclasses import dataclass, field
from datetime import date

from emla.model.findings import Override


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the recipient's profile says it wants of a request."""

    languages: tuple[str, ...] = ()
    """Language tags; empty: it says nothing about languages."""
    urgent_languages: tuple[str, ...] = ()
    """What it accepts when the matter is urgent; empty: the same."""
    accepts_electronic: bool = True
    documents: tuple[tuple[str, str], ...] = ()
    """(measure type, document type) that must come with it."""
    de_minimis: tuple[int, str] | None = None
    """Below this loss (amount, ISO 4217) it does not help."""
    service_days: int | None = None
    """So many days before the hearing a summons to an accused must arrive; a treaty allows at most 50."""
    reply_days: int | None = None
    """Fewer days it cannot promise for an answer."""
    informs_subjects: bool = False
    """Its law makes it inform the person concerned, whatever is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFacts:
    """What is known of the case a message belongs to: the fold over its acts (issue 6), as the rules need it."""

    requesting: str
    """The requesting authority; who is not it answers."""
    asked: bool = True
    """Whether something is asked for. Of information that nobody asked for the giver is named above, and answers nothing."""
    instruments: tuple[str, ...] = ()
    """What the request rests on."""
    generation: int = 1
    measures: dict[str, str] = field(default_factory=dict)
    """Measure id to its state (CL-STATUS of measures)."""
    open_questions: tuple[str, ...] = ()
    """Mandatory question ids of the inquiry that is answered."""
    use_limits: tuple[str, ...] = ()
    """Codes of CL-USE by which conditions that were accepted bind the holder."""
    consented: tuple[str, ...] = ()
    """Of these, what the owner has consented to relax."""
    owner: str = ""
    """Whose evidence it is; empty where none was sent."""
    items_to_return: tuple[str, ...] = ()
    """Items whose return is required and that were neither returned nor waived."""
    received_on: date | None = None
    """When the request arrived; None once its receipt was confirmed."""
    arrested_on: date | None = None
    """When the person was arrested; None once the full request arrived."""
    arrest_days_max: int = 40
    acknowledge_days: int = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The side on which a message is checked, and what is known there."""

    sending: bool
    """At the sender rules block; at the recipient they inform."""
    overrides: tuple[Override, ...] = ()
    """What the officer decided to send in spite of."""
    today: date | None = None
    wishes: Wishes | None = None
    case: CaseFacts | None = None


SENDING = Terms(sending=True)
RECEIVING = Terms(sending=False)
