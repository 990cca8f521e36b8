"""Two gateways in one process: real folders, real SQLite, real journeys; the line between them is a call.

A `Station` is what a gateway process is: built from its data folder, gone when it fails, built again from the same folder.
Clock and opener may be scripted; nothing else is.
"""

import time
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from emla.bootstrap.own import DATABASE, gateway_keys, own_authority, write_own_file
from emla.bootstrap.own_keys import OwnKeys
from emla.bootstrap.schema_folder import schema_folder
from emla.bootstrap.system import system_entropy
from emla.flow.acts import Effect
from emla.flow.backoff import Postponed
from emla.flow.channel.exchange import Channels
from emla.flow.channel.ledger_watch import LedgerWatch
from emla.flow.channel.recall_own import RecallOwn
from emla.flow.channel.rounds import ChannelRounds
from emla.flow.channel.settle import Settle
from emla.flow.channel.take_back import TakeBack
from emla.flow.channel.ways import ChannelWays
from emla.flow.dockets import Dockets
from emla.flow.documents.changes import Changes
from emla.flow.documents.own import Outlets, Own, identity_at, ledger_key_at
from emla.flow.documents.peers import ImportPeer, PingPeer, load_directory
from emla.flow.documents.refresh import Refresh
from emla.flow.documents.reseal import Reseal
from emla.flow.documents.take_documents import TakeDocuments
from emla.flow.documents.upkeep import Upkeep
from emla.flow.gateway import Gateway
from emla.flow.holdings import Holdings
from emla.flow.line.accept import Accept
from emla.flow.line.deliver import DeliverLeg
from emla.flow.line.hand_over import HandOver
from emla.flow.line.open import Open
from emla.flow.line.receive_acknowledgement import ReceiveAcknowledgement
from emla.flow.line.submission import Submission, Submitted
from emla.flow.line.submit import Submit
from emla.flow.line.ways import Ways
from emla.flow.member.collect import CollectFigures
from emla.flow.member.statuses import TakeStatus
from emla.flow.news import News
from emla.formats.export import encode_export
from emla.formats.schema import Schemas
from emla.keyring.files import OPENER_USES, read_keys
from emla.model.act import ActKind
from emla.model.channel import ChannelStatus
from emla.model.documents import Authority
from emla.model.errors import EmlaError, StoreError, TransportError
from emla.model.limits import XmlLimits
from emla.model.package import DeclaredPart, PartRole
from emla.model.person import ALONE
from emla.model.settings import Settings, StoreSettings
from emla.ports.hub_line import HubLine
from emla.ports.sandbox import SandboxDiedError, Verdict
from emla.ports.transport import Refusal
from emla.sandbox.examine import DamagedPayloadError, Tools, examine
from emla.store.files import FileBlobs
from emla.store.sqlite.store import open_store
from tests.support.faulty_store import Fate, FaultyStore
from tests.support.inline_clerk import InlineClerk
from tests.support.messages import ATTACHMENT_NAME, Template
from tests.support.new_store import lay_new_store


@cache
def schemas() -> Schemas:
    """The schemas, compiled once for the whole run."""
    return Schemas(schema_folder())


class BytesSource:
    """A submission's or payload's bytes."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.size = len(data)

    async def read_exactly(self, size: int) -> bytes:
        piece, self._data = self._data[:size], self._data[size:]
        self.size = len(self._data)
        return piece


class TestClock:
    """The machine's clock, moved by so many seconds."""

    __test__ = False

    def __init__(self) -> None:
        self.moved_by = 0.0
        self.ahead = 0.0
        """By how much the wall clock alone is set forward, while no time passes."""
        self._stands_at: float | None = None

    def stand(self) -> None:
        """From now on the wall clock goes on only as the test moves it, however slow the machine is."""
        self._stands_at = time.time()

    def now(self) -> float:
        running = time.time() if self._stands_at is None else self._stands_at
        return running + self.moved_by + self.ahead

    def steady(self) -> float:
        return time.monotonic() + max(
            0.0, self.moved_by
        )  # time passes; a test of a wrong clock turns it by itself


class InlineOpener:
    """Opens packages in this process with the opener's own function; dies as often as it is told to."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self.deaths = 0
        self.read_keys()

    def read_keys(self) -> None:
        """Read the folder, again when a key was added."""
        self._keys = keys = read_keys(self._data / "keys", OPENER_USES)
        self._tools = Tools(
            sealing_key=keys.sealing_key,
            content_key=keys.content_key,
            schemas=schemas(),
            limits=XmlLimits(),
            memory_is_tight=lambda: False,
        )

    def sealing_kids(self) -> frozenset[str]:
        """The sealing keys it holds."""
        return self._keys.sealing_kids

    async def open(self, signed_header: bytes, pid: bytes, payload: bytes | Path) -> Verdict:
        if self.deaths:
            self.deaths -= 1
            raise SandboxDiedError
        data = payload if isinstance(payload, bytes) else payload.read_bytes()
        try:
            return examine(signed_header, pid, lambda start, end: data[start:end], self._tools)
        except DamagedPayloadError as error:
            raise SandboxDiedError from error  # as the opener's process does


class DirectLine:
    """Implements `emla.ports.transport.Transport`: calls the other station's journeys, as its peer API does.

    A station whose storage failed is not reached: its process is gone.
    """

    def __init__(self, find: Callable[[str], "Station"]) -> None:
        self._find = find

    def _reach(self, peer: Authority) -> "Station":
        try:
            station = self._find(peer.id)
        except KeyError:  # a hub: no line of this world leads there
            raise TransportError("peer-unreachable") from None
        if station.store.broken:
            raise TransportError("peer-unreachable")
        return station

    async def send_package(
        self, peer: Authority, pid: bytes, signed: bytes, payload: bytes | Path, payload_size: int
    ) -> bytes | Refusal:
        data = payload if isinstance(payload, bytes) else payload.read_bytes()
        try:
            return (await self._reach(peer).accept(pid, signed, BytesSource(data))).bundle
        except EmlaError as error:
            return Refusal(code=error.code)

    async def send_acknowledgement(self, peer: Authority, aid: bytes, bundle: bytes) -> Refusal | None:
        try:
            await self._reach(peer).receive(aid, bundle)
        except EmlaError as error:
            return Refusal(code=error.code)
        return None

    async def get_documents(self, peer: Authority) -> bytes | Refusal:
        return encode_export(self._reach(peer).gateway.identity.authority.documents)

    async def get_documents_of(self, peer: Authority, authority: str) -> bytes | Refusal:
        there = self._reach(peer).gateway
        known = there.directory.find(authority)
        return encode_export(known.documents) if known else Refusal(code="not-found")

    async def put_documents(self, peer: Authority, authority: str, exported: bytes) -> Refusal | None:
        try:
            await self._reach(peer).take(authority, exported, fetched=False)
        except EmlaError as error:
            return Refusal(code=error.code)
        return None

    async def ping(self, peer: Authority, signed: bytes) -> bytes | Refusal:
        try:
            return (await self._reach(peer).ping.answer(signed))[1]
        except EmlaError as error:
            return Refusal(code=error.code)

    async def exchange_status(self, peer: Authority, signed: bytes) -> bytes | Refusal | None:
        station = self._reach(peer)
        try:
            status, answer = await station.channels.answer(signed)
        except EmlaError as error:
            return Refusal(code=error.code)
        station.heard.append(status)
        return answer

    async def send_return(
        self,
        peer: Authority,
        pid: bytes,
        signed: bytes,
        bundles: Sequence[bytes],
        payload: bytes | Path,
        payload_size: int,
    ) -> Refusal | None:
        data = payload if isinstance(payload, bytes) else payload.read_bytes()
        try:
            await self._reach(peer).take_back(pid, signed, bundles, BytesSource(data))
        except EmlaError as error:
            return Refusal(code=error.code)
        return None


class Station:
    """One gateway over a data folder, with its journeys; workers are replaced by `deliver` and `open`, one step at a time."""

    def __init__(
        self,
        data: Path,
        line: DirectLine,
        clock: TestClock,
        opener: InlineOpener,
        hub_line: HubLine | None = None,
    ) -> None:
        self.data = data
        self._hub_line = hub_line
        self.figures = CollectFigures()
        self.clock = clock
        self.opener = opener
        self._line = line
        self.on_commit: Callable[[], Fate | None] = lambda: None
        self.accepted: list[bytes] = []
        self.heard: list[ChannelStatus] = []
        """Peers' statuses that were answered, and not settled yet."""
        self.effects: dict[ActKind, Effect] = {}

    def start(self) -> None:
        """Build everything from the folder, as a new process would."""
        now = int(self.clock.now())
        authority = own_authority(self.data)
        self.keys = keys = OwnKeys(
            gateway_keys(self.data),
            self.data / "keys",
            read=lambda: gateway_keys(self.data),
            reload_opener=self._reload_opener,
        )
        lay_new_store(self.data / DATABASE)
        real = open_store(self.data / DATABASE, ledger_key_at(authority, keys, now))
        real.start(on_failure=lambda error: None)
        self.store = FaultyStore(real, lambda: self.on_commit())
        blobs = FileBlobs(self.data, system_entropy)
        blobs.sweep(real.read.knows_payload, real.read.erased_payload)
        self.gateway = Gateway(
            identity=identity_at(authority, keys, now),
            directory=load_directory(list(real.read.peers())),
            store=self.store,
            blobs=blobs,
            clock=self.clock,
            entropy=system_entropy,
            settings=Settings(data=self.data, store=StoreSettings(disk_floor_bytes=0, disk_floor_percent=0)),
        )
        self.news = News()
        self.dockets = dockets = Dockets(self.gateway, self.news)
        self.submit = Submit(
            self.gateway,
            InlineClerk(schemas()),
            XmlLimits(),
            lambda leg: None,
            dockets,
        )
        self.accept = Accept(self.gateway, self.accepted.append, lambda peer: None)
        self.receive = ReceiveAcknowledgement(self.gateway, self.news, lambda peer: None)
        self.hand_over = HandOver(self.gateway, self.news, lambda leg: None, Holdings(self.gateway, dockets))
        self.ways = Ways(self.gateway)
        self._deliver = DeliverLeg(self.gateway, self._line, self.news, self._hub_line, self.ways)
        self.watch = LedgerWatch(self.gateway)
        line = ChannelWays(self._line, self._hub_line, self.ways) if self._hub_line else self._line
        self.settle = Settle(self.gateway, line)
        self.channels = Channels(self.gateway, line, self.watch, self.settle)
        self.words: list[str] = []
        self.heard_there = TakeStatus(self.gateway, self.channels, self.settle, self.words.append)
        self.heard_there.settling = True
        self.rounds = ChannelRounds(self.gateway, self.channels, self.watch)
        self.take_back = TakeBack(self.gateway, self.watch, self.accepted.append)
        self._start_keys()

    def _start_keys(self) -> None:
        gateway = self.gateway
        self.reseal = Reseal(gateway, self.news, lambda leg: None)
        gateway.signals.key_gone = self.reseal.put_off
        self.take = TakeDocuments(gateway, self._on_news)
        self.ping = PingPeer(gateway, self._line)
        self.refresh = Refresh(gateway, self._line, self.ping, self.take, self._hub_line, self.ways)
        outlets = Outlets(
            ledger_key=self.store.real.use_ledger_key,
            file=lambda export: self.write_file(export),
            published=lambda: None,
        )
        self.own = Own(gateway, self.keys, outlets)
        self.changes = Changes(gateway, self.own, self.keys, self.effects)
        self.upkeep = Upkeep(gateway, self.own, self.keys)
        self.recall = RecallOwn(gateway, self._line, self.own, self.watch)

    def write_file(self, export: bytes) -> None:
        """Write the copy of the own documents; a test may let it fail."""
        write_own_file(self.data, export)

    async def _reload_opener(self) -> None:
        self.opener.read_keys()

    async def _on_news(self, peer: str) -> None:
        await self.reseal(peer)

    async def close(self) -> None:
        """End, however it went."""
        await self.store.real.close()

    async def restart(self) -> None:
        """A new process on the same folder."""
        await self.close()
        self.start()

    async def pin(self, other: Path) -> None:
        """Pin the authority whose folder this is."""
        exported = (other / "documents" / "own.json").read_bytes()
        fingerprint = (other / "fingerprint").read_text()
        await ImportPeer(self.gateway)(exported, fingerprint)

    async def hand_in(
        self, template: Template, message_id: bytes, source: "type[BytesSource] | None" = None
    ) -> Submitted:
        """Submit a message; `source`: where its bytes come from."""
        main, media = template.fill(message_id, message_id), "application/octet-stream"
        annex = len(template.attachment)
        parts = (
            DeclaredPart(name="m.xml", media="application/xml", role=PartRole.MAIN, size=len(main)),
            DeclaredPart(name=ATTACHMENT_NAME, media=media, role=PartRole.ANNEX, size=annex),
        )
        return await self.submit(
            Submission(parts=parts, source=(source or BytesSource)(main + template.attachment))
        )

    async def deliver(self, peer: str) -> list[Refusal]:
        """Try every leg to a peer that still asks once; what the peer did not take comes back.

        Raises:
            StoreError: the storage of this station failed.
        """
        refusals = []
        for leg in self.store.read.due_legs(peer, float("inf"), 100):
            refusal: Refusal | Postponed | None
            try:
                refusal = await self._deliver(leg)
            except StoreError:
                raise
            except EmlaError as error:
                refusal = Refusal(code=error.code)
            if isinstance(refusal, Refusal):
                refusals.append(refusal)
        return refusals

    async def settle_heard(self) -> None:
        """Do what follows from the statuses that peers sent."""
        heard, self.heard = self.heard, []
        for status in heard:
            await self.settle(status.sender, status)

    async def open(self) -> None:
        """Open every accepted package.

        Raises:
            StoreError: the storage failed.
        """
        journey = Open(self.gateway, self.opener, self.news, lambda leg: None)
        for row in self.store.read.unopened(100):
            # The worker around this only decides when.
            if (verdict := await journey._judge(row)) is not None:
                await journey._commit(row, verdict)

    async def read_main(self, pid: bytes) -> bytes:
        """Hand the main part to a consumer; its bytes."""
        _, pieces = await self.hand_over.part(pid, 0, ALONE)
        return b"".join([piece async for piece in pieces])
