"""Where a request, a preservation or a piece of information stands: what the acts so far make of it.

Rules of this file: frozen values. A change makes a new one (`hearing`), so that an act that does not hold leaves nothing behind.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from emla.model.case_states import (
    ExtraditionState,
    InformationState,
    MeasureState,
    PreservationState,
    RequestState,
    Side,
)
from emla.model.legal_act import LegalAct, Reference


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureStanding:
    """One measure."""

    kind: str
    """Code of CL-MEASURE."""
    state: MeasureState = MeasureState.REQUESTED
    resumes: MeasureState = MeasureState.REQUESTED
    """What it goes back to when a postponement ends."""
    pending: frozenset[Reference] = frozenset()
    """Conditions that are not accepted yet."""
    agreed: frozenset[Reference] = frozenset()
    """Conditions that are accepted while others are pending; they bind when all are."""
    sent_in: frozenset[bytes] = frozenset()
    """The results that report it."""
    crossing: bool = False
    """Withdrawn while its result was on the way."""

    @property
    def gone(self) -> bool:
        """Whether it is withdrawn, or will be when that is confirmed."""
        return self.crossing or self.state is MeasureState.WITHDRAWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """Questions that were asked once."""

    message_id: bytes
    questions: tuple[str, ...]
    """Mandatory ones; all, where none is mandatory."""
    mandatory: bool
    unanswered: frozenset[str]
    waits_for: frozenset[str]
    """Measures that wait for the answers."""
    due_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """A consultation, with every message in it."""

    messages: frozenset[bytes]
    measures: frozenset[str]
    """Measures it is about that are not decided since."""
    closed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SentResult:
    """A result that was sent."""

    message_id: bytes
    final: bool
    verified: bool = False
    """Whether the requesting authority has confirmed it."""
    conditions: tuple[Reference, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """A withdrawal."""

    message_id: bytes
    whole: bool
    unconfirmed: frozenset[str]
    usable: bool
    """Whether what was obtained is still wanted."""

    def less(self, confirmed: Iterable[str]) -> "Withdrawal":
        """The same, with some measures confirmed."""
        return replace(self, unconfirmed=self.unconfirmed - frozenset(confirmed))


@dataclass(frozen=True, slots=True, kw_only=True)
class Extradition:
    """One extradition, shared by the request for arrest and the request for extradition."""

    state: ExtraditionState
    arrested_on: date | None = None
    due_on: date | None = None
    """Day by which the full request must be there."""
    consented: bool = False
    full_request: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What was begun by one message, and where it stands."""

    opening: LegalAct
    addressees: frozenset[str]
    """Who may speak for the side that was addressed."""
    request: RequestState | None = None
    preservation: PreservationState | None = None
    extradition: Extradition | None = None
    information: InformationState | None = None
    generation: int = 1
    reference: str = ""
    """File number of the requested authority."""
    instruments: tuple[str, ...] = ()
    measures: Mapping[str, MeasureStanding] = field(default_factory=dict)
    received: bool = False
    reviewing: bool = False
    referred: bool = False
    inquiries: tuple[Inquiry, ...] = ()
    talks: tuple[Talk, ...] = ()
    results: tuple[SentResult, ...] = ()
    withdrawals: tuple[Withdrawal, ...] = ()
    unusable: frozenset[bytes] = frozenset()
    """Results that crossed a withdrawal: their material may not be used until its fate is settled."""
    to_return: frozenset[Reference] = frozenset()
    conditions: Mapping[Reference, str] = field(default_factory=dict)
    """Every condition that was set, with its use limit."""
    limits: frozenset[str] = frozenset()
    """Use limits that bind the holder of the evidence."""
    consented: frozenset[str] = frozenset()
    """Those the owner has consented to relax."""
    owner: str = ""
    preserved_until: date | None = None
    signed: frozenset[str] = frozenset()
    """Who has signed the agreement on a team."""
    proposed: bytes | None = None
    """The proposal to close it."""
    closed: bool = False

    def side_of(self, authority: str) -> Side | None:
        """The side for which an authority speaks; None for who has no part in it."""
        if authority == self.opening.sender:
            return Side.OPENER
        return Side.ADDRESSEE if authority in self.addressees else None

    @property
    def states(self) -> tuple[str, ...]:
        """The states it has, as words: one, or two for a request that is part of an extradition."""
        extradition = self.extradition.state if self.extradition else None
        return tuple(
            each.value
            for each in (self.request, self.preservation, extradition, self.information)
            if each is not None
        )
