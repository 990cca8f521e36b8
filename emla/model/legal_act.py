"""A legal act: what one message between authorities means for the case it belongs to.

Here: `LegalAct` and its parts, independent of XML. Not here: reading it (`formats.legal_act`), what follows from it
(`emla.cases`), and the acts of two key officers (`act`), which are another matter.

Rules of this file:
- Everything in it stands in the message, which is signed. When and in which order it arrived is not in it.
- What a message does not say is empty, None or False. One field serves every message that says such a thing.
"""

from dataclasses import dataclass
from datetime import date, datetime

from emla.model.restriction import Label


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedMeasure:
    """A measure that is asked for."""

    measure_id: str
    kind: str
    """Code of CL-MEASURE."""
    wanted_on: date | None = None
    """The day by which it is asked for, with reasons (DeadlineRequested)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetCondition:
    """A condition that a message sets, or a restriction on the use of what it brings."""

    condition_id: str
    use_limit: str
    """Code of CL-USE; empty where it limits no use."""
    measures: tuple[str, ...]
    """The measures it is about; none means those of the message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutMeasure:
    """What a message says of one measure: a decision, an outcome, a report."""

    measure_id: str
    code: str
    """Code of CL-DECISION, CL-OUTCOME or CL-MEASURESTATUS, by the type of the message."""
    conditions: tuple[SetCondition, ...] = ()
    due_on: date | None = None
    """The day on which it is expected (ExpectedBy)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedQuestion:
    """A question of the requested authority."""

    question_id: str
    mandatory: bool
    measures: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Something in another message: an item, an attachment, a condition, a restriction; all of it where the id is empty."""

    message_id: bytes
    local_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SentFile:
    """A file that came with a message."""

    attachment_id: str
    sha256: bytes


Key = tuple[str, bytes]
"""Who wrote a message, and its MessageId: ids are unique for each sender alone, so nobody can stand in for another's message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalAct:
    """One act."""

    message_id: bytes
    case_id: bytes
    digest: bytes
    """SHA-256 of the document."""
    message_type: str
    generation: int
    issued_at: datetime
    sender: str
    recipient: str
    in_reply_to: bytes | None = None
    relates_to: tuple[tuple[bytes, str], ...] = ()
    """Other cases, each with a code of CL-RELATION."""
    requesting_reference: str = ""
    """File number of the authority that asks; of information nobody asked for, of the one that gives it."""
    requested_reference: str = ""
    """File number of the requested authority, where this message gives it."""
    instruments: tuple[str, ...] = ()
    asked: tuple[AskedMeasure, ...] = ()
    measures: tuple[str, ...] = ()
    """Measures that are named; for most messages none means all."""
    says: tuple[AboutMeasure, ...] = ()
    questions: tuple[AskedQuestion, ...] = ()
    answered: tuple[str, ...] = ()
    """Ids of questions."""
    conditions: tuple[SetCondition, ...] = ()
    condition_answers: tuple[tuple[str, bool], ...] = ()
    """Condition id, and whether it is accepted."""
    code: str = ""
    """The code that tells messages of one type apart: Scope, ClosureStage, SurrenderStage, ReleaseReason, RecallReason ..."""
    disposition: str = ""
    """What is to happen, or has happened, to material (CL-MATERIAL, CL-DISPOSITION, CL-RECALLACTION)."""
    flag: bool = False
    """What the type asks with yes or no: Final, ConsultationClosed, Complete, Verified, Resumed, NatureOnly, Return; of
    SupplementaryInformationRequest ExecutionSuspended, of UseConsentRequest ExculpatoryOnly; of ExculpatoryDisclosureNotice
    whether it says why notice was not given before (AdvanceNotGivenReason)."""
    changes: tuple[str, ...] = ()
    """Codes of CL-CHANGE."""
    named: tuple[str, ...] = ()
    """Authorities that may act from now on: parties of a team, to whom a request was passed on."""
    signed: tuple[str, ...] = ()
    """Authorities that have signed an agreement."""
    items_to_return: tuple[str, ...] = ()
    """Ids of the items in this message whose return is required."""
    references: tuple[Reference, ...] = ()
    """Items and attachments that it is about."""
    restrictions: tuple[Reference, ...] = ()
    """Conditions and restrictions that it is about."""
    owner: str = ""
    """To whom what is sent belongs."""
    limits: tuple[str, ...] = ()
    """Codes of CL-USE in the handling that a RestrictionChange sets."""
    arrested_on: date | None = None
    consented: bool = False
    """Whether the person consents to extradition."""
    due_on: date | None = None
    """DueBy, AnswerBy, PreservedUntil, FullRequestDueBy, NewDueDate, NextReportBy, a changed DeadlineRequested."""
    expected_on: date | None = None
    """ExpectedCompletion of a StatusReport."""
    received_at: datetime | None = None
    """When the requested authority says that it received the request."""
    arrested_at: datetime | None = None
    consent_told: bool = False
    """Whether it says anything of the person's consent."""
    consent_on: date | None = None
    urgency: str = ""
    """Code of CL-URGENCY."""
    label: Label | None = None
    """How the message and what came with it must be handled."""
    new_label: Label | None = None
    """The handling that a RestrictionChange sets."""
    effective_from: datetime | None = None
    """From when it does."""
    files: tuple[SentFile, ...] = ()
    items: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Items of evidence, each with the ids of its files."""
    copies: tuple[str, ...] = ()
    """Authorities that get a copy (CopyTo)."""
    recipients: tuple[str, ...] = ()
    """Who is to get what consent is asked for (IntendedRecipient), as it is written."""
    last_on: date | None = None
    """Until of a consent; PlannedOn of a disclosure."""
    outcomes: tuple[tuple[Reference, str], ...] = ()
    """What became of things that were recalled, each with a code of CL-RECALLRESULT."""

    @property
    def key(self) -> Key:
        """By which it is known."""
        return self.sender, self.message_id

    @property
    def between(self) -> frozenset[str]:
        """The States between which it travels."""
        return frozenset((state_of(self.sender), state_of(self.recipient)))


def state_of(authority: str) -> str:
    """The State of an authority: the first part of its id."""
    return authority.partition(".")[0]
