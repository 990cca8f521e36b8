"""What every journey shares: who we are, whom we know, where things are kept, and the clock. No journey is here."""

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from emla.flow.reservations import Reservations
from emla.formats.header import decode as decode_header
from emla.formats.header import decode_signed, package_id
from emla.formats.http_signature import call_base, encode_fields
from emla.ledger.checkpoint import Checkpoint, checkpoint_text
from emla.model.acknowledgement import Event
from emla.model.call import Call, CallSignature
from emla.model.documents import Authority
from emla.model.errors import ConfigurationError, StoreError
from emla.model.package import CardReference
from emla.model.settings import Settings
from emla.model.signed import PayloadType, Signer
from emla.ports.blobs import Blobs
from emla.ports.clock import Clock, Entropy
from emla.ports.documents import PeerRow
from emla.ports.signing import sign_now, sign_octets_now
from emla.ports.store import Store
from emla.steps.acknowledge import IssuedAcknowledgement, Subject, acknowledge, signature_hash
from emla.steps.verify_package import Addressee

_SUBJECTS_MAX = 4096
_FRESH_BYTES_MAX = 16 * 1024 * 1024
_CALL_SECONDS = 120
"""How long a call that we sign is good for: the clocks may differ, and a token may take its time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The authority this gateway serves, and the key it signs with: replaced as a whole when either changes (`documents.own`)."""

    authority: Authority
    signer: Signer
    content_key: bytes
    """Seals records at rest; the desk needs it to show an officer what an officer may see."""
    since: int = 0
    """When the windows of the keys that sign now had begun, in UNIX seconds. Nothing that bears an earlier instant is theirs."""
    absent: frozenset[str] = frozenset()
    """Keys that the card lists and whose private half is not here: a restored backup lacks those of after it."""

    @property
    def id(self) -> str:
        """The authority's id."""
        return self.authority.id

    @property
    def card(self) -> CardReference:
        """The card in force."""
        return CardReference(version=self.authority.card.version, sha256=self.authority.card_sha256)

    def addressee(self, now: int) -> Addressee:
        """How this gateway presents itself to the ladder at an instant."""
        return Addressee(
            authority=self.id,
            # What cannot be opened is not accepted: its sender hears `unknown-kid` and seals it anew when the card names another.
            sealing_kids=self.authority.live_sealing_kids(now) - self.absent,
            payload_bytes_max=self.authority.card.payload_bytes_max,
        )


@dataclass(slots=True)
class Peer:
    """A pinned peer, with what is only remembered while the server runs."""

    authority: Authority
    row: PeerRow
    last_contact: float | None = None


@dataclass(slots=True)
class Directory:
    """The peers pinned here, by id. A pin beats any directory on the network."""

    peers: dict[str, Peer] = field(default_factory=dict)
    _locks: defaultdict[str, asyncio.Lock] = field(
        default_factory=lambda: defaultdict(asyncio.Lock), init=False, repr=False, compare=False
    )

    def changing(self, authority: str) -> asyncio.Lock:
        """Held by whoever looks at what is known of an authority, changes it in the store and then here: one at a time."""
        return self._locks[authority]

    def find(self, authority: str) -> Authority | None:
        """The pinned authority of an id."""
        peer = self.peers.get(authority)
        return peer.authority if peer else None


@dataclass(slots=True)
class UnderWay:
    """How many journeys are being worked on: a stop waits until there are none."""

    count: int = 0
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def none(self) -> None:
        """Wait until no journey is under way."""
        while self.count:
            self._changed.clear()
            await self._changed.wait()

    def one(self) -> AbstractContextManager[None]:
        """Count one journey while it lasts."""
        return self.many(1)

    @contextmanager
    def many(self, count: int) -> Iterator[None]:
        """Count journeys that come and go together."""
        self.count += count
        try:
            yield
        finally:
            self.count -= count
            if not self.count:
                self._changed.set()


class Subjects:
    """The packages that acknowledgements speak about, decoded once; the oldest are forgotten, and read again if need be."""

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, Subject] = OrderedDict()

    def put(self, subject: Subject) -> None:
        """Remember a package that has just been made or verified."""
        self._known[subject.pid] = subject
        if len(self._known) > _SUBJECTS_MAX:
            self._known.popitem(last=False)

    def known(self, pid: bytes) -> Subject | None:
        """The subject of a package, if it is remembered."""
        return self._known.get(pid)

    def of(self, pid: bytes, signed: bytes) -> Subject:
        """The subject of a stored package."""
        known = self._known.get(pid)
        if known is None:
            known = subject_of(signed)
            self.put(known)
        return known


class FreshPayloads:
    """Small payloads that have just been committed, for the next journey to take without reading them back.

    Bounded by bytes; whatever is not here any more is read from its row.
    """

    def __init__(self) -> None:
        self._held: OrderedDict[bytes, bytes] = OrderedDict()
        self._bytes = 0

    def put(self, sha256: bytes, payload: bytes) -> None:
        """Hold a payload for a while."""
        if sha256 in self._held:
            return  # the same bytes again, from another package or peer: they are held, and counted, once
        self._held[sha256] = payload
        self._bytes += len(payload)
        while self._bytes > _FRESH_BYTES_MAX:
            _, oldest = self._held.popitem(last=False)
            self._bytes -= len(oldest)

    def take(self, sha256: bytes) -> bytes | None:
        """Take a payload out, if it is still here."""
        payload = self._held.pop(sha256, None)
        if payload is not None:
            self._bytes -= len(payload)
        return payload


def _nothing(*_: object) -> None:
    """Nobody listens."""


def _no(_: str) -> bool:
    """Nobody knows better."""
    return False


@dataclass(slots=True)
class Signals:
    """What one journey tells another in passing; bootstrap connects them, a test may leave them alone."""

    cards_seen: Callable[[str, int, int], None] = _nothing
    """A peer named its own card's version, and the version of ours that it knows."""
    spoke: Callable[[str], None] = _nothing
    """A peer's channel status was kept."""
    refused: Callable[[str, str], None] = _nothing
    """A peer refused something of ours with a code."""
    unheard: Callable[[str], bool] = _no
    """Whether documents of ours are on their way to a peer, or wait for it: what it says of our keys is about older ones."""
    wake: Callable[[str], None] = _nothing
    """Something that a peer's legs waited for has come about."""
    key_gone: Callable[[str], None] = _nothing
    """A package waits for a peer under a key that the peer has revoked, or says is not there."""
    set_back: Callable[[], None] = _nothing
    """The clock was set back to before the window of a key that signs."""
    pinned: Callable[[str], None] = _nothing
    """Documents of an authority were imported."""
    ledger_closed: Callable[[], None] = _nothing
    """Our ledger was closed: every peer is to be asked what it holds."""
    ledger_opened: Callable[[], None] = _nothing
    """Our ledger is open again, as it was or in a new epoch: what waited goes on, and peers hear of it."""


@dataclass(slots=True, kw_only=True)
class Gateway:
    """The shared parts, built once by bootstrap."""

    identity: Identity
    directory: Directory
    store: Store
    blobs: Blobs
    clock: Clock
    entropy: Entropy
    settings: Settings
    under_way: UnderWay = field(default_factory=UnderWay)
    subjects: Subjects = field(default_factory=Subjects)
    fresh: FreshPayloads = field(default_factory=FreshPayloads)
    signals: Signals = field(default_factory=Signals)
    reservations: Reservations = field(init=False)
    _begun: tuple[float, float] = field(init=False)
    _set_back_to: int = -1

    def __post_init__(self) -> None:
        self.reservations = Reservations(self.settings.limits)
        self._begun = self.clock.now(), self.clock.steady()

    def now(self) -> int:
        """The wall clock in whole UNIX seconds, as signed objects carry it."""
        now = int(self.clock.now())
        if now < self.identity.since and now != self._set_back_to:
            # The clock was set back to before the keys that sign: an earlier one signs again, or nobody would believe it.
            self._set_back_to = now
            self.signals.set_back()
        return now

    def ledger_closed(self) -> str | None:
        """The code for which our ledger is closed; None while it is open (`flow.channel.ledger_watch`)."""
        row = self.store.read.closed()
        return row.code if row else None

    def require_ledger(self) -> None:
        """Refuse to begin something that would be recorded in a closed ledger. The store refuses it in any case, but later.

        Raises:
            ConfigurationError: ``ledger-behind`` or ``ledger-restored``.
        """
        if code := self.ledger_closed():
            raise ConfigurationError(code)

    def surely_past(self, instant: int) -> bool:
        """Whether an instant is over by the wall clock and by the seconds that have passed since the start.

        A clock that is set forward while the server runs ends nothing before its time. After a start it is all there is to go by.
        """
        return self.surely_now() >= instant

    def surely_now(self) -> float:
        """The latest instant that is surely reached, in UNIX seconds."""
        wall, steady = self._begun
        return min(self.clock.now(), wall + self.clock.steady() - steady)

    def ends_at(self, expires: int | None) -> float | None:
        """When, by the wall clock, to look whether something has ended that expires; None when its time is no reason to look.

        No instant that is over: whoever may not end it yet would look again at once, and again. A clock that was set forward
        calls it over too soon, by as much as it was set; and what is surely over and does not end waits for something else, as
        for a ledger that is closed.
        """
        now, surely = self.clock.now(), self.surely_now()
        if expires is None or surely >= expires:
            return None
        return float(expires) if now < expires else now + expires - surely

    def require_space(self, bytes_wanted: int, *, small: bool = False) -> None:
        """Refuse to begin something that would leave less than the floor, with all that is promised, of free space.

        Args:
            bytes_wanted: how much it takes.
            small: whether it ends waiting, as an acknowledgement does, and so makes room: half of the floor is open to it.

        Raises:
            StoreError: ``disk-full``.
        """
        settings = self.settings.store
        share = self.blobs.total_bytes() * settings.disk_floor_percent // 100
        floor = max(settings.disk_floor_bytes, share) // (2 if small else 1)
        if self.blobs.free_bytes() - self.reservations.promised_bytes - bytes_wanted < floor:
            raise StoreError("disk-full", f"Less than {floor} bytes would be left free.")

    def payload(self, sha256: bytes) -> bytes | Path:
        """A stored payload: its bytes when they are in a row, else the file that holds them."""
        payload = self.fresh.take(sha256) or self.store.read.payload(sha256)
        return self.blobs.path(sha256) if payload is None else payload

    def sent_subject(self, pid: bytes) -> Subject | None:
        """What acknowledgements of a package of ours must speak about; None when we never sent it."""
        known = self.subjects.known(pid)
        if known is not None:
            return known if known.header.sender == self.identity.id else None
        row = self.store.read.sent_signed(pid)
        return None if row is None else self.subjects.of(pid, row)

    def witnessed(self, pid: bytes, aid: bytes, checkpoint: Checkpoint, before: int) -> bool:
        """Whether this acknowledgement is stored here already, or its checkpoint was seen here before an instant.

        Then it is believed although its key was revoked since.
        """
        seen = self.store.read.witnessed_at(checkpoint_text(checkpoint))
        return (seen is not None and seen < before) or self.store.read.acknowledgement(pid, aid) is not None

    def acknowledge(
        self, event: Event, subject: Subject, reason: str | None = None, *, at: int
    ) -> IssuedAcknowledgement:
        """Sign an acknowledgement of ours; inside the operation that issues it, with an instant taken before the operation."""
        return acknowledge(
            event,
            subject,
            by=self.identity.id,
            card=self.identity.card,
            at=at,
            signer=self.identity.signer,
            reason=reason,
        )

    async def sign(self, kind: PayloadType, payload: bytes) -> bytes:
        """Sign a payload outside a batch, with the authority's `sign` key.

        Raises:
            ConfigurationError: ``token-unavailable``.
        """
        return await sign_now(kind, payload, self.identity.signer)

    async def sign_call(self, call: Call) -> dict[str, str]:
        """Sign an HTTP call with the authority's `sign` key; the header fields to send with it.

        Raises:
            ConfigurationError: ``token-unavailable``.
        """
        signer, now = self.identity.signer, self.now()
        signature = CallSignature(
            created=now, expires=now + _CALL_SECONDS, nonce=self.entropy(16), kid=signer.kid
        )
        sig = await sign_octets_now(call_base(call, signature), signer)
        return encode_fields(call, signature, sig)


def subject_of(signed: bytes) -> Subject:
    """Rebuild what acknowledgements of a package speak about from its stored header."""
    envelope = decode_signed(signed)
    header = decode_header(envelope.payload)
    return Subject(header=header, pid=package_id(envelope.payload), signature_sha256=signature_hash(envelope))
