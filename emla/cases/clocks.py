"""Which time limits of which instruments emla counts (CL-DEADLINE, domain 2.4): one row each.

Here: the table, and the codes that are not counted with the reason. Not here: how long they are (data), and how each is
counted (`runs`).

Rules of this file:
- A limit runs only in a request that rests on its instrument.
- Every code of CL-DEADLINE stands here once: in `CLOCKS`, as the extension of a clock, or in `NOT_COUNTED`. A test says so.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from emla.cases.history import History
from emla.cases.runs import (
    Runs,
    asked_of,
    confirmed,
    consent_told,
    data,
    decided,
    executed,
    extradition_decided,
    full_request,
    of_kind,
    passed_on,
    preserved,
    produced,
    surrendered,
    taken_over,
    urgent_of_kind,
)
from emla.model.case_states import Side

_OPENER, _ADDRESSEE = Side.OPENER, Side.ADDRESSEE
_ARREST = frozenset({"ProvisionalArrestRequest", "ExtraditionRequest"})
_PRESERVATION = frozenset({"PreservationRequest"})
_SERVICE = frozenset({"ServiceRequest"})
_NOTICE = frozenset({"InterceptionNotification"})
_REQUESTS = frozenset(
    {"MLARequest", "AssetRecoveryRequest", "ServiceRequest", "EmergencyDisclosureRequest", "JITProposal"}
)
_CONFISCATION = ("CONFISCATION_ORDER_ENFORCE",)


@dataclass(frozen=True, slots=True)
class Clock:
    """How one limit runs."""

    code: str
    """Of CL-DEADLINE."""
    side: Side
    """Who must act."""
    begun_by: frozenset[str]
    """The messages that begin what it runs in."""
    runs: Runs
    firm: bool = True
    """Whether the source says "shall"; False: "preferably", "where practicable", "may"."""
    extended: bool = False
    """Whether a TimeLimitExtension or a DelayNotice moves it."""
    most: str = ""
    """The code that says by how much at most; empty: no bound is known."""
    applies: Callable[[History], bool] | None = None
    """Instead of the instrument."""


CLOCKS = (
    Clock("D-EIO-ACK", _ADDRESSEE, _REQUESTS, confirmed),
    Clock("D-EIO-REC", _ADDRESSEE, _REQUESTS, decided(), extended=True, most="D-EIO-REC-EXT"),
    Clock("D-EIO-EXE", _ADDRESSEE, _REQUESTS, executed(), extended=True),
    Clock("D-EIO-PROV", _ADDRESSEE, _REQUESTS, decided(of_kind("EVIDENCE_FREEZE")), firm=False),
    Clock("D-EIO-INT", _ADDRESSEE, _NOTICE, decided()),
    Clock("D-EPOC", _ADDRESSEE, _REQUESTS, produced(data(emergency=False))),
    Clock("D-EPOC-EMERGENCY", _ADDRESSEE, _REQUESTS, produced(data(emergency=True))),
    Clock("D-EPOCPR", _OPENER, _PRESERVATION, preserved),
    Clock("D-BUD-PRES", _OPENER, _PRESERVATION, preserved),
    Clock("D-HANOI-PRES", _OPENER, _PRESERVATION, preserved),
    Clock("D-HARARE-PRES", _OPENER, _PRESERVATION, preserved),
    Clock("D-FRZ-DECIDE", _ADDRESSEE, _REQUESTS, decided(urgent_of_kind("ASSET_FREEZE"))),
    Clock("D-FRZ-EXECUTE", _ADDRESSEE, _REQUESTS, executed(urgent_of_kind("ASSET_FREEZE"))),
    Clock("D-CONF-RECOGNISE", _ADDRESSEE, _REQUESTS, decided(of_kind(*_CONFISCATION))),
    Clock("D-CONF-EXECUTE", _ADDRESSEE, _REQUESTS, executed(of_kind(*_CONFISCATION))),
    Clock("D-ARREST-18", _OPENER, _ARREST, full_request, firm=False),
    Clock("D-ARREST-40", _OPENER, _ARREST, full_request),
    Clock("D-ARREST-60", _OPENER, _ARREST, full_request),
    Clock("D-CONSENT-NOTIFY", _ADDRESSEE, _ARREST, consent_told),
    Clock("D-CONSENT-DECIDE", _ADDRESSEE, _ARREST, extradition_decided(consent=True)),
    Clock("D-CONSENT-SURRENDER", _ADDRESSEE, _ARREST, surrendered(consent=True), firm=False),
    Clock("D-SURRENDER-15", _OPENER, _ARREST, taken_over, firm=False),
    Clock("D-SURRENDER-30", _OPENER, _ARREST, taken_over),
    Clock("D-EAW-CONSENT", _ADDRESSEE, _ARREST, extradition_decided(consent=True)),
    Clock("D-EAW", _ADDRESSEE, _ARREST, extradition_decided(consent=False), extended=True, most="D-EAW-EXT"),
    Clock("D-EAW-SURRENDER", _ADDRESSEE, _ARREST, surrendered(consent=False)),
    Clock("D-IN-SERVICE", _ADDRESSEE, _SERVICE, passed_on, firm=False, applies=asked_of("in")),
)
"""The limits that are counted."""

_NO_MESSAGE = "no message between authorities tells of what starts it or ends it"
NOT_COUNTED: Mapping[str, str] = {
    "D-EPOC-REF": "it runs from the notification of an enforcing authority, which no message of this version is",
    "D-EPOC-REF-EMERGENCY": "it runs from the notification of an enforcing authority, which no message of this version is",
    "D-EPOC-CLAR": "it runs from Form 3 of a provider, which no message of this version is",
    "D-EPOCPR-EXT": "whoever extends a preservation names the new day",
    "D-US-PRES": "it binds a provider; the authority names the day until which data are kept",
    "D-US-PRES-EXT": "it binds a provider; the authority names the day until which data are kept",
    "D-2AP-8-SERVE": _NO_MESSAGE,
    "D-2AP-8-SUBSCRIBER": _NO_MESSAGE,
    "D-2AP-8-TRAFFIC": _NO_MESSAGE,
    "D-2AP-7": "it binds a provider",
    "D-ARREST-40M": "a model treaty binds nobody; the treaty made after it has a code of its own",
    "D-SUMMONS-50": "it is asked before a summons is sent (BR-043)",
    "D-SAFE-15": _NO_MESSAGE,
}
"""The codes that are not counted, and why."""
