"""A hub in memory, honest unless a test makes it lie: it implements the port of the line to hubs for each of its members.

Subclass it and override `answer`, `listed` or `handed` for a hub that lies; change `held` for one that loses or repeats. What it
signs is signed with real keys, so that a member verifies what it would verify of a real hub.
"""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from emla.flow.gateway import subject_of
from emla.formats import channel as status_form
from emla.formats import dsse
from emla.formats.returned import encode_front
from emla.ledger import checkpoint as checkpoint_form
from emla.model.acknowledgement import Event
from emla.model.channel import ChannelStatus
from emla.model.documents import Authority
from emla.model.errors import InvalidPackageError, TransportError
from emla.model.limits import WIRE
from emla.model.mailbox import ItemKind, Listing, Release
from emla.model.signed import PayloadType
from emla.ports.hub_line import ItemSource
from emla.ports.transport import Refusal
from emla.steps.verify_acknowledgement import read_acknowledgement
from tests.support.authorities import NOW, Party
from tests.support.gateways import acknowledgement_id_of, answer_of


@dataclass
class Held:
    """One object held for its owner."""

    owner: str
    listing: Listing
    body: bytes
    depositor: str = ""


@dataclass
class MemoryHub:
    """What a hub holds, and what it was asked."""

    party: Party
    now: int = NOW + 20
    """What it dates its acknowledgements."""
    down: bool = False
    held: list[Held] = field(default_factory=list)
    released: list[tuple[str, Release]] = field(default_factory=list)
    deposits: list[tuple[ItemKind, bytes]] = field(default_factory=list)
    answers: dict[bytes, bytes] = field(default_factory=dict)
    proofs: dict[bytes, bytes] = field(default_factory=dict)
    """By package id, what packages were released with: from then on the answer to a repeat."""
    checkpoints: dict[str, bytes] = field(default_factory=dict)
    """By origin, the largest checkpoint that was shown here under an acknowledgement."""
    seen: set[tuple[str, ItemKind, bytes]] = field(default_factory=set)
    statuses: list[tuple[str, str, bytes]] = field(default_factory=list)
    """Every status that was left here: by whom, for whom."""
    lists: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    """As long as anybody who asks now is ready to wait."""
    _last: int = 0

    # --- what a test may override ---

    def answer(self, signed: bytes) -> bytes | Refusal:
        """The answer to a package."""
        return answer_of(self.party, subject_of(signed), Event.HUB_ACCEPTANCE, at=self.now)

    def listed(self, owner: str, after: int) -> list[Listing]:
        """What an owner is told."""
        return [each.listing for each in self.held if each.owner == owner and each.listing.item > after][:100]

    def handed(self, held: Held) -> bytes:
        """What an owner is given."""
        return held.body

    # --- what it holds ---

    def add(self, owner: str, kind: ItemKind, ref: bytes, body: bytes) -> None:
        """Hold an object, once."""
        self.deposits.append((kind, ref))
        if (owner, kind, ref) in self.seen:
            return
        self.seen.add((owner, kind, ref))
        self.hold(owner, kind, ref, body)

    def hold(self, owner: str, kind: ItemKind, ref: bytes, body: bytes, depositor: str = "") -> None:
        """Put an object into a mailbox."""
        self._last += 1
        listing = Listing(
            item=self._last, kind=kind, ref=ref, size=len(body), at=self.now, expires=self.now + 86400
        )
        self.held.append(Held(owner, listing, body, depositor))
        self.poke()

    def forget(self, kind: ItemKind) -> None:
        """Lose what is held of a kind, and the memory of it, as a hub does that deletes or was restored."""
        self.held = [each for each in self.held if each.listing.kind is not kind]
        self.seen = {each for each in self.seen if each[1] is not kind}
        if kind is ItemKind.PACKAGE:
            self.proofs.clear()

    def count(self, owner: str, kind: ItemKind | None = None) -> int:
        """How many objects an owner has there."""
        return sum(each.owner == owner and kind in (None, each.listing.kind) for each in self.held)

    def poke(self) -> None:
        """Let whoever waits look again."""
        self.changed.set()
        self.changed = asyncio.Event()

    def lapse(self) -> None:
        """Let whoever waits have waited long enough."""
        self.over.set()
        self.over = asyncio.Event()
        self.poke()

    def check_up(self) -> None:
        """A hub that is down is not reached."""
        if self.down:
            raise TransportError("peer-unreachable")

    def take_acknowledgement(self, aid: bytes, bundle: bytes) -> Refusal | None:
        """PUT acknowledgements."""
        self.check_up()
        assert acknowledgement_id_of(bundle) == aid
        said = read_acknowledgement(bundle).acknowledgement
        owner = said.sender if said.by == said.recipient else said.recipient
        self.see(bundle)
        self.add(owner, ItemKind.ACKNOWLEDGEMENT, aid, bundle)
        return None

    def take_status(self, signed: bytes) -> None:
        """POST channel, for a member: the newest of each pair is held."""
        self.check_up()
        said = status_form.decode(dsse.decode(signed, PayloadType.CHANNEL, WIRE.channel_bytes).payload)
        self.statuses.append((said.sender, said.recipient, signed))
        self.held = [
            each
            for each in self.held
            if (each.owner, each.depositor, each.listing.kind)
            != (said.recipient, said.sender, ItemKind.CHANNEL)
        ]
        ref = hashlib.sha256(signed).digest()
        self.hold(said.recipient, ItemKind.CHANNEL, ref, signed, depositor=said.sender)

    def answer_status(self, signed: bytes) -> bytes | Refusal:
        """POST channel, for the hub itself: it has no channels, and shows what it has seen of the asker's ledgers."""
        self.check_up()
        said = status_form.decode(dsse.decode(signed, PayloadType.CHANNEL, WIRE.channel_bytes).payload)
        answer = ChannelStatus(
            sender=self.party.id,
            recipient=said.sender,
            at=said.at,
            nonce=os.urandom(16),
            answers=said.nonce,
            card_version=self.party.authority.card.version,
            card_known=said.card_version,
            seen=tuple(
                note for origin, note in self.checkpoints.items() if origin.startswith(f"{said.sender}/emla/")
            ),
        )
        return dsse.sign(PayloadType.CHANNEL, status_form.encode(answer), self.party.sign)

    def see(self, bundle: bytes) -> None:
        """Remember the checkpoint under an acknowledgement."""
        note = read_acknowledgement(bundle).bundle.checkpoint
        shown = checkpoint_form.decode(note).checkpoint
        known = self.checkpoints.get(shown.origin)
        if known is None or checkpoint_form.decode(known).checkpoint.size < shown.size:
            self.checkpoints[shown.origin] = note

    def door(self, owner: str) -> "Door":
        """The line of one member to this hub."""
        return Door(self, owner)


@dataclass
class Door:
    """Implements `emla.ports.hub_line.HubLine` for one member."""

    hub: MemoryHub
    owner: str

    def _reach(self, hub: Authority) -> MemoryHub:
        assert hub.id == self.hub.party.id
        self.hub.check_up()
        return self.hub

    async def deposit_package(
        self, hub: Authority, pid: bytes, signed: bytes, payload: bytes | Path, payload_size: int
    ) -> bytes | Refusal:
        there = self._reach(hub)
        data = payload if isinstance(payload, bytes) else payload.read_bytes()
        if pid not in there.answers:
            answer = there.answer(signed)
            if isinstance(answer, Refusal):
                return answer
            there.answers[pid] = answer
        body = len(signed).to_bytes(4, "big") + signed + data
        there.add(subject_of(signed).header.recipient, ItemKind.PACKAGE, pid, body)
        return there.proofs.get(pid, there.answers[pid])

    async def deposit_documents(
        self, hub: Authority, authority: str, exported: bytes, *, owner: str
    ) -> Refusal | None:
        self._reach(hub).add(owner, ItemKind.DOCUMENTS, hashlib.sha256(exported).digest(), exported)
        return None

    async def deposit_acknowledgement(self, hub: Authority, aid: bytes, bundle: bytes) -> Refusal | None:
        there = self._reach(hub)
        held = {each.listing.ref for each in there.held}
        there.seen = {each for each in there.seen if each[2] != aid or aid in held}
        return there.take_acknowledgement(aid, bundle)

    async def deposit_status(self, hub: Authority, signed: bytes) -> Refusal | None:
        self._reach(hub).take_status(signed)
        return None

    async def deposit_return(
        self,
        hub: Authority,
        pid: bytes,
        signed: bytes,
        bundles: Sequence[bytes],
        payload: bytes | Path,
        payload_size: int,
        *,
        owner: str,
    ) -> Refusal | None:
        there = self._reach(hub)
        data = payload if isinstance(payload, bytes) else payload.read_bytes()
        there.deposits.append((ItemKind.RETURN, pid))
        there.hold(owner, ItemKind.RETURN, pid, encode_front(signed, bundles) + data)
        return None

    async def items(self, hub: Authority, after: int, wait_seconds: int) -> Sequence[Listing] | Refusal:
        there = self._reach(hub)
        there.lists += 1
        await asyncio.sleep(0)
        over = there.over
        while not there.listed(self.owner, after) and wait_seconds and not over.is_set():
            await there.changed.wait()
            self._reach(hub)
        return there.listed(self.owner, after)

    @asynccontextmanager
    async def fetch(self, hub: Authority, item: Listing) -> AsyncIterator[ItemSource]:
        there = self._reach(hub)
        found = [each for each in there.held if each.listing.item == item.item and each.owner == self.owner]
        if not found:
            raise TransportError("peer-nonsense", "not-found")
        yield Body(there.handed(found[0]))

    async def release(self, hub: Authority, releases: Sequence[Release]) -> Sequence[str] | Refusal:
        there = self._reach(hub)
        there.released += [(self.owner, each) for each in releases]
        refs = {each.listing.item: each.listing.ref for each in there.held if each.owner == self.owner}
        strange = {each.item for each in releases if each.ref != refs.get(each.item, each.ref)}
        gone = {each.item for each in releases} - strange
        for each in releases:
            if each.proof is not None and each.item in refs:
                there.proofs[refs[each.item]] = each.proof
                there.see(each.proof)
        there.held = [
            each for each in there.held if each.owner != self.owner or each.listing.item not in gone
        ]
        return ["not-found" if each.item in strange else "ok" for each in releases]


class Body:
    """An item's body in memory."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.size = len(data)

    async def read_exactly(self, size: int) -> bytes:
        await asyncio.sleep(0)
        if size > self.size:
            raise InvalidPackageError("digest-mismatch", "The item ends before.")
        piece, self._data = self._data[:size], self._data[size:]
        self.size = len(self._data)
        return piece
