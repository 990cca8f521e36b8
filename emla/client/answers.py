"""What the authority API answers, as values (docs/reference/authority-api.md).

Field names are the names on the wire, so a value can be written as JSON again without a second table. Ids and
hashes stay lower-case hexadecimal text, because they are only compared, shown and sent back. Instants are
aware UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Self

from emla.client.erasure_answers import HoldView, OrderView
from emla.client.holding_answers import HoldingView
from emla.client.key_answers import PeerStanding
from emla.client.leg_answers import LegStanding, Trouble
from emla.client.reading import Answer
from emla.client.scan_answers import PartScan
from emla.model.findings import Finding, Severity


def read_findings(answer: Answer, name: str) -> tuple[Finding, ...]:
    """Read a list of findings. A severity this version does not know counts as an error: it must not be
    overlooked.
    """
    known = {each.value for each in Severity}
    return tuple(
        Finding(
            rule=each.text("rule"),
            severity=Severity(each.text("severity")) if each.text("severity") in known else Severity.ERROR,
            message=each.text("message"),
            line=each.optional("line", each.integer),
            path=each.optional("path", each.text) or "",
            source=each.optional("source", each.text) or "",
            remedy=each.optional("remedy", each.text) or "",
            override=each.optional("override", each.text) or "",
        )
        for each in answer.items(name)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerHead:
    """Where the server's own ledger stands."""

    size: int
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerStatus:
    """GET /v1/status."""

    authority: str
    epoch: int
    version: str
    software: str
    ready: bool
    peers: int
    legs: Mapping[str, int]
    """How many legs there are in each state."""
    ledger: LedgerHead
    batch_wait_milliseconds_longest: float
    hubs: "tuple[OwnHub, ...]" = ()
    scanner: str | None = None
    """What scans attachments: ``clamd``, ``command``, or None: nothing."""

    @classmethod
    def read(cls, answer: Answer) -> Self:
        """Read it from an answer."""
        ledger = answer.nested("ledger")
        return cls(
            authority=answer.text("authority"),
            epoch=answer.integer("epoch"),
            version=answer.text("version"),
            software=answer.text("software"),
            ready=answer.truth("ready"),
            peers=answer.integer("peers"),
            legs=answer.counts("legs"),
            ledger=LedgerHead(size=ledger.integer("size"), origin=ledger.text("origin")),
            batch_wait_milliseconds_longest=answer.number("batch_wait_milliseconds_longest"),
            hubs=tuple(OwnHub.read(each) for each in answer.optional("hubs", answer.items) or ()),
            scanner=answer.optional("scanner", answer.text),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnHub:
    """A hub of our own card: whether it is pinned here, and whether it answered last time."""

    authority: str
    pinned: bool
    reached: bool

    @classmethod
    def read(cls, answer: Answer) -> Self:
        """Read it from an answer."""
        return cls(
            authority=answer.text("authority"),
            pinned=answer.truth("pinned"),
            reached=answer.truth("reached"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSummary:
    """One line of a message list. What only the sealed manifest says is None until the package is opened."""

    pid: str
    direction: str
    """``in`` or ``out``."""
    peer: str
    message: str | None
    """The message type, for example ``MLARequest``."""
    message_id: str | None
    conversation: str | None
    state: str
    late: bool
    urgent: bool
    created: datetime
    expires: datetime
    size: int
    """Bytes of the sealed payload."""
    code: str | None
    """Of an incoming one: why it is in quarantine, or could not be opened yet."""
    infected: int = 0
    """In how many of its parts the malware scanner found something."""
    erased: OrderView | None = None
    """The order by which its content was erased, or is being."""
    hold: HoldView | None = None
    """The legal hold of its case."""

    @classmethod
    def read(cls, answer: Answer) -> Self:
        """Read it from an answer."""
        return cls(
            pid=answer.hexadecimal("pid"),
            direction=answer.text("direction"),
            peer=answer.text("peer"),
            message=answer.optional("message", answer.text),
            message_id=answer.optional("message_id", answer.hexadecimal),
            conversation=answer.optional("conversation", answer.hexadecimal),
            state=answer.text("state"),
            late=answer.truth("late"),
            urgent=answer.truth("urgent"),
            created=answer.instant("created"),
            expires=answer.instant("expires"),
            size=answer.integer("size"),
            code=answer.optional("code", answer.text),
            infected=answer.optional("infected", answer.integer) or 0,
            erased=answer.optional("erased", lambda name: answer.value(name, OrderView)),
            hold=answer.optional("hold", lambda name: answer.value(name, HoldView)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Officer:
    """Who signed the message."""

    name: str
    post: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagePart:
    """One part of a message: its number, and what the manifest says of it. `name` is for display, never a
    path.
    """

    n: int
    role: str
    media: str
    name: str
    size: int
    sha256: str
    scan: PartScan | None = None
    """What the malware scanner last said of it; None: nobody has scanned it."""

    @classmethod
    def read(cls, answer: Answer) -> Self:
        """Read it from an answer."""
        scan = answer.optional("scan", answer.nested)
        return cls(
            scan=PartScan.read(scan) if scan else None,
            n=answer.integer("n"),
            role=answer.text("role"),
            media=answer.text("media"),
            name=answer.text("name"),
            size=answer.integer("size"),
            sha256=answer.hexadecimal("sha256"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgementEntry:
    """One acknowledgement of a message, with the signed bundle that proves it."""

    event: str
    at: datetime
    by: str
    reason: str | None
    proves: str
    bundle: bytes

    @classmethod
    def read(cls, answer: Answer) -> Self:
        """Read it from an answer."""
        return cls(
            event=answer.text("event"),
            at=answer.instant("at"),
            by=answer.text("by"),
            reason=answer.optional("reason", answer.text),
            proves=answer.text("proves"),
            bundle=answer.octets("bundle"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """POST /v1/messages: what a submitter wants to know at once. The rest is a GET away."""

    pid: str
    state: str
    acknowledgements: tuple[AcknowledgementEntry, ...]

    @classmethod
    def read(cls, answer: Answer) -> Self:
        """Read it from an answer."""
        return cls(
            pid=answer.hexadecimal("pid"),
            state=answer.text("state"),
            acknowledgements=tuple(map(AcknowledgementEntry.read, answer.items("acknowledgements"))),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Message(MessageSummary):
    """GET /v1/messages/{pid}."""

    officer: Officer | None
    in_reply_to: str | None
    parts: tuple[MessagePart, ...]
    findings: tuple[Finding, ...]
    acknowledgements: tuple[AcknowledgementEntry, ...]
    leg: LegStanding | None
    trouble: tuple[Trouble, ...]
    holding: HoldingView | None = None
    """What binds who holds it."""

    @classmethod
    def read(cls, answer: Answer) -> Self:
        """Read it from an answer."""
        summary = MessageSummary.read(answer)
        officer = answer.optional("officer", answer.nested)
        leg = answer.optional("leg", answer.nested)
        return cls(
            **{each.name: getattr(summary, each.name) for each in fields(MessageSummary)},
            officer=Officer(name=officer.text("name"), post=officer.text("post")) if officer else None,
            in_reply_to=answer.optional("in_reply_to", answer.hexadecimal),
            parts=tuple(map(MessagePart.read, answer.optional("parts", answer.items) or ())),
            findings=answer.optional("findings", lambda name: read_findings(answer, name)) or (),
            acknowledgements=tuple(map(AcknowledgementEntry.read, answer.items("acknowledgements"))),
            leg=LegStanding.read(leg) if leg else None,
            trouble=tuple(map(Trouble.read, answer.optional("trouble", answer.items) or ())),
            holding=answer.optional("holding", lambda name: answer.value(name, HoldingView)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """One line of GET /v1/peers."""

    authority: str
    name: str
    country: str
    root_version: int
    card_version: int
    card_expires: datetime
    pinned_at: datetime
    fingerprint: str
    last_contact: datetime | None
    waiting_legs: int
    next_attempt: datetime | None
    standing: PeerStanding | None = None
    """None from a server that does not say."""
    has_endpoint: bool = True
    through: tuple[str, ...] = ()
    """The hubs that hold what is for it."""

    @classmethod
    def read(cls, answer: Answer) -> Self:
        """Read it from an answer."""
        return cls(
            has_endpoint=answer.optional("endpoint", answer.truth) is not False,
            through=answer.optional("through", answer.texts) or (),
            authority=answer.text("authority"),
            name=answer.text("name"),
            country=answer.text("country"),
            root_version=answer.integer("root_version"),
            card_version=answer.integer("card_version"),
            card_expires=answer.instant("card_expires"),
            pinned_at=answer.instant("pinned_at"),
            fingerprint=answer.text("fingerprint"),
            last_contact=answer.optional("last_contact", answer.instant),
            waiting_legs=answer.integer("waiting_legs"),
            next_attempt=answer.optional("next_attempt", answer.instant),
            standing=PeerStanding.read(answer) if answer.optional("freshness", answer.text) else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerDetails(Peer):
    """GET /v1/peers/{authority}: the line, and the documents themselves, from which all else can be read."""

    documents: bytes

    @classmethod
    def read(cls, answer: Answer) -> Self:
        """Read it from an answer."""
        peer = Peer.read(answer)
        return cls(
            **{each.name: getattr(peer, each.name) for each in fields(Peer)},
            documents=answer.octets("documents"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pong:
    """POST /v1/peers/{authority}/ping."""

    authority: str
    latency_milliseconds: float
    clock_difference_seconds: float
    """Their clock less ours."""
    software: str
    card_version_known: int
    card_version_theirs: int

    @classmethod
    def read(cls, answer: Answer) -> Self:
        """Read it from an answer."""
        return cls(
            authority=answer.text("authority"),
            latency_milliseconds=answer.number("latency_milliseconds"),
            clock_difference_seconds=answer.number("clock_difference_seconds"),
            software=answer.text("software"),
            card_version_known=answer.integer("card_version_known"),
            card_version_theirs=answer.integer("card_version_theirs"),
        )
