"""`emla demo`: two authorities on one machine exchange sample case S01, and every promise is checked as it is made.

Everything is real but the authorities: two gateway processes, TLS 1.3 with pinned keys, sandboxed openers, durable stores. The
demo plays the officers, the two people on the telephone, and somebody in between who changes one byte.
"""

import asyncio
import contextlib
import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from emla.bootstrap import demo_case
from emla.bootstrap.audit import verify_ledger
from emla.bootstrap.demo_draft import MISSING, write_first_draft
from emla.bootstrap.demo_servers import SETTINGS, DemoServer, make_demo_server
from emla.bootstrap.demo_tamper import copy_of_package, offer_tampered
from emla.bootstrap.sample import CAPTURE_NAME, write_sample
from emla.bootstrap.schema_folder import schema_folder
from emla.client.answers import AcknowledgementEntry, Message
from emla.client.client import Client
from emla.client.upload import OpenPart, PartFile
from emla.formats.export import decode_export
from emla.model.acknowledgement import Event
from emla.model.documents import Authority
from emla.model.errors import EmlaError, InvalidMessageError
from emla.model.ids import UUID_BYTES, uuid7
from emla.model.package import PartRole
from emla.steps.trust import trust_documents
from emla.steps.verify_acknowledgement import verify_acknowledgement

_EXPECTED = (
    Event.SUBMISSION_ACCEPTANCE,
    Event.RELAY_ACCEPTANCE,
    Event.CONTENT_CONSIGNMENT,
    Event.CONTENT_HANDOVER,
)
_WAIT_SECONDS = 20
_MEDIA = {".xml": "application/xml", ".pdf": "application/pdf", ".pcap": "application/vnd.tcpdump.pcap"}


class DemoFailedError(Exception):
    """Something was not as it should be."""


def run(story: "type[Story]", *, keep: bool, console: Console) -> int:
    """Run the demo.

    Args:
        story: which one.
        keep: keep the temporary folder.
        console: where the story is told.

    Returns:
        0 when everything was as it should be, else 1.
    """
    folder = Path(tempfile.mkdtemp(prefix="emla-demo-"))
    try:
        asyncio.run(story(folder, console).tell())
    except (DemoFailedError, EmlaError) as error:
        console.print(f"[bold red]Not as it should be:[/] {error}")
        console.print(f"The logs are in {folder}.")
        return 1
    finally:
        if keep:
            console.print(
                f"Kept: {folder}. To look around, start one of its gateways, and ask it:", soft_wrap=True
            )
            for data in sorted(each.parent for each in folder.glob(f"*/{SETTINGS}")):
                console.print(f"  emla serve --data {data}", highlight=False, soft_wrap=True)
            console.print(f"  emla case list --data {folder}/nl.moj", highlight=False, soft_wrap=True)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return 0


class Story:
    """The acts of the demo, in order."""

    expected: tuple[Event, ...] = _EXPECTED
    """What is acknowledged in it."""

    def __init__(self, folder: Path, console: Console) -> None:
        self._folder = folder
        self._console = console
        self._bundles: list[bytes] = []
        self._number = 0
        self._case_id = ""

    def _act(self, text: str) -> None:
        self._number += 1
        self._console.print(f"[bold]{self._number:>2}[/] {text}")

    def _fact(self, text: str) -> None:
        self._console.print(f"   [green]ok[/] {text}")

    def _expect(self, *, holds: bool, text: str) -> None:
        if not holds:
            raise DemoFailedError(text)
        self._fact(text)

    async def tell(self) -> None:
        """Tell the whole story."""
        japan = make_demo_server(self._folder, "jp.moj", "Ministry of Justice of Japan", "JP")
        netherlands = make_demo_server(self._folder, "nl.moj", "Ministry of Justice and Security", "NL")
        try:
            await self._tell(japan, netherlands)
        finally:
            japan.stop()
            netherlands.stop()

    async def _tell(self, japan: DemoServer, netherlands: DemoServer) -> None:
        self._act("Two central authorities make their keys and documents: jp.moj and nl.moj.")
        await japan.start()
        self._fact(f"the gateway of jp.moj runs (process {japan.process_id}); that of nl.moj does not, yet")
        self._act("They exchange cards as files and compare fingerprints by telephone.")
        await self._pin(japan, netherlands)
        pid, files = await self._submit(japan)
        self._act(
            "The gateway of jp.moj is stopped; somebody copies the package on the way and changes one byte."
        )
        japan.stop()
        stolen = copy_of_package(japan.data, bytes.fromhex(pid))
        await netherlands.start()
        await self._pin(netherlands, japan)
        await self._tamper(netherlands, stolen)
        self._act("jp.moj starts again: what it accepted is still there, and nl.moj can be reached now.")
        await japan.start()
        await self._deliver(japan, pid)
        await self._open(netherlands, pid, files)
        await self._handed(japan, pid)
        await self._case({each.id: each for each in (japan, netherlands)})
        self._verify_offline(japan, netherlands)
        japan.stop()
        netherlands.stop()
        self._audit(japan, netherlands)
        self._console.print(
            "\nDelivered, answered and proved. Technical delivery was not acceptance of the request:"
            " that was for the requested authority to say."
        )

    async def _pin(self, here: DemoServer, there: DemoServer, *, first_wrong: bool = True) -> None:
        """Pin one at the other; `first_wrong`: type a wrong fingerprint first, which is refused."""
        exported = there.documents.read_bytes()
        async with Client(here.socket) as client:
            if first_wrong:
                try:
                    await client.import_peer(exported, "0" * 60)
                except EmlaError as error:
                    self._expect(
                        holds=error.code == "fingerprint-mismatch",
                        text=f"{here.id}: a wrong fingerprint is refused ({error.code})",
                    )
            await client.import_peer(exported, there.fingerprint)
        self._fact(f"{here.id} pins {there.id}: {there.fingerprint[:29]} ...")

    async def _submit(self, japan: DemoServer) -> tuple[str, dict[str, bytes]]:
        self._act("An officer of jp.moj submits case S01: search of a server in Amsterdam.")
        case_id = japan.random(16)
        self._case_id = case_id.hex()
        folder = self._folder / "S01"
        folder.mkdir()
        message = write_sample(
            folder,
            sender="jp.moj",
            recipient="nl.moj",
            issued_at=japan.now(),
            message_id=uuid7(int(japan.now().timestamp()), japan.random(UUID_BYTES)),
            case_id=case_id,
            schemas=schema_folder(),
        )
        files = [message, *sorted(path for path in folder.iterdir() if path != message)]
        for path in files:
            self._console.print(f"      {path.name:<28}{path.stat().st_size:>12,} bytes")
        async with Client(japan.socket) as client:
            await self._wanted(client)
            await self._refused(client, files, message)
            with _open_parts(files, message) as parts:
                submitted = await client.submit(parts)
            await self._submitted(client, submitted.pid)
        return submitted.pid, {path.name: _sha256(path) for path in files}

    async def _wanted(self, client: Client) -> None:
        """What the recipient's profile asks for: without it, the request would be refused before it is sealed."""
        there = trust_documents(decode_export((await client.peer("nl.moj")).documents))
        wanted = dict(there.profile.requirements.documents)
        self._expect(
            holds=wanted.get("SEARCH_SEIZURE") == ("COURT_ORDER",),
            text="nl.moj wants a COURT_ORDER with each search, its profile says so: it is checked, and attached",
        )

    async def _refused(self, client: Client, files: list[Path], message: Path) -> None:
        """The first draft lacks three things: all are named at once, nothing is stored, and it is mended."""
        draft = write_first_draft(message, self._folder / "draft")
        before = await client.status()
        try:
            with _open_parts([draft, *files[1:]], draft) as parts:
                await client.submit(parts)
        except InvalidMessageError as error:
            found = error.findings
        else:
            found = ()
        for each in found:
            self._console.print(f"      line {each.line}: {each.message} [dim]{each.rule}, {each.source}[/]")
            self._console.print(f"      [dim]to mend it: {each.remedy}[/]")
        after = await client.status()
        self._expect(
            holds=sorted(each.rule for each in found) == sorted(MISSING) and before.ledger == after.ledger,
            text=f"the first draft is refused with {len(found)} errors, all at once; nothing of it was stored",
        )
        self._fact("the officer mends them, and submits it again")

    async def _submitted(self, client: Client, pid: str) -> None:
        """What there is to say as soon as the message is in."""
        found = await client.message(pid)
        self._timeline(found, 0)
        self._expect(
            holds=found.state == "READY",
            text="nl.moj cannot be reached: the package waits, sealed and durable, and will be tried for 60 days",
        )

    def _timeline(self, message: Message, known: int) -> None:
        for each in message.acknowledgements[known:]:
            self._show(each)

    def _show(self, entry: AcknowledgementEntry) -> None:
        self._bundles.append(entry.bundle)
        self._console.print(
            f"   [cyan]{entry.at:%H:%M:%S}[/] [bold]{entry.event}[/] by {entry.by}: {entry.proves}"
        )

    async def _tamper(self, netherlands: DemoServer, stolen: tuple[bytes, bytes, bytes]) -> None:
        async with Client(netherlands.socket) as client:
            before = await client.status()
            for answer in await offer_tampered(netherlands.documents.read_bytes(), stolen):
                self._expect(
                    holds=answer.code == answer.expected,
                    text=f"{answer.what}: refused, {answer.code}",
                )
            after = await client.status()
        self._expect(
            holds=before.ledger == after.ledger,
            text="nothing of it was stored: the ledger of nl.moj has not grown",
        )

    async def _deliver(self, japan: DemoServer, pid: str, known: int = 1) -> None:
        async with Client(japan.socket) as client:
            while known < len(self.expected) - 1:
                message = await client.wait_for(pid, after=known, wait_seconds=_WAIT_SECONDS)
                if len(message.acknowledgements) <= known:
                    raise DemoFailedError("nl.moj did not acknowledge in time")
                self._timeline(message, known)
                known = len(message.acknowledgements)

    async def _open(self, netherlands: DemoServer, pid: str, files: dict[str, bytes]) -> None:
        self._act("An officer of nl.moj opens the message.")
        target = self._folder / "opened"
        target.mkdir()
        async with Client(netherlands.socket) as client:
            message = await client.message(pid)
            for part in message.parts:
                path = target / part.name
                await client.save_part(pid, part.n, path)
                self._expect(
                    holds=_sha256(path) == files.get(part.name),
                    text=f"{part.name}: SHA-256 {part.sha256[:16]}... is what was sent",
                )
        self._expect(holds=CAPTURE_NAME in {part.name for part in message.parts}, text="all parts arrived")

    async def _handed(self, japan: DemoServer, pid: str) -> None:
        async with Client(japan.socket) as client:
            known = len(self.expected) - 1
            message = await client.wait_for(pid, after=known, wait_seconds=_WAIT_SECONDS)
            self._timeline(message, known)
            events = [each.event for each in message.acknowledgements]
            self._expect(
                holds=set(events) == {each.value for each in self.expected} and message.state == "HANDED",
                text=f"jp.moj holds all {len(events)} acknowledgements",
            )

    async def _case(self, servers: dict[str, DemoServer]) -> None:
        """From the delivery to the end of the case, by legal acts alone."""
        self._act("The two authorities go on, by legal acts: nothing else moves a case.")
        log = self._folder / "server.log"
        log.write_text("2026-03-02T11:04:09Z POST /login 200\n" * 400, encoding="utf-8")
        for number, word in enumerate(demo_case.course(log), 2):
            wrong = await demo_case.say(servers[word.by], self._case_id, word)
            if wrong:
                raise DemoFailedError(f"{word.by} could not say {word.says[0]}: {wrong}")
            sides = [await demo_case.stands(each, self._case_id, number) for each in servers.values()]
            self._expect(
                holds=sides[0] == sides[1] and sides[0][0] == word.state,
                text=f"{word.by}: {word.says[0]} -> {word.state} on both sides",
            )
        self._act("The prosecutor in Tokyo looks at the case.")
        indent, case = "   ", ("case", "show", self._case_id)
        width = self._console.width - len(indent)
        for line in await asyncio.to_thread(demo_case.seen, servers["jp.moj"], *case, columns=width):
            self._console.print(indent + line.rstrip(), markup=False, highlight=False, soft_wrap=True)

    def _verify_offline(self, *servers: DemoServer) -> None:
        self._act("Anybody can check the acknowledgements with the exported cards alone, offline.")
        authorities: dict[str, Authority] = {}
        for server in servers:
            authorities[server.id] = trust_documents(decode_export(server.documents.read_bytes()))
        seen: set[Event] = set()
        for bundle in self._bundles:
            verified, event = _verify(bundle, authorities)
            seen.add(event)
            self._fact(verified)
        self._expect(
            holds=seen == set(self.expected),
            text=f"all {len(seen)} verified, each with its inclusion proof",
        )

    def _audit(self, *servers: DemoServer) -> None:
        self._act("The ledgers are recomputed from the stored bytes.")
        for server in servers:
            found = verify_ledger(server.data)
            self._expect(
                holds=found.whole,
                text=f"{server.id}: {found.ledger.leaves} leaves, {found.ledger.checkpoints} checkpoints,"
                f" root {found.ledger.root.hex()[:16]}...",
            )


def _verify(bundle: bytes, authorities: dict[str, Authority]) -> tuple[str, Event]:
    """Verify one bundle with nothing but documents; say what was found."""
    for authority in authorities.values():
        with contextlib.suppress(EmlaError):
            verified = verify_acknowledgement(bundle, issuer=authority)
            said = verified.acknowledgement
            return f"{said.event.value}: signature of {said.by}, proof and checkpoint hold", said.event
    raise DemoFailedError("an acknowledgement does not verify")


@contextlib.contextmanager
def _open_parts(files: list[Path], main: Path) -> Iterator[list[OpenPart]]:
    with contextlib.ExitStack() as stack:
        yield [
            stack.enter_context(
                OpenPart(
                    PartFile(
                        path=path,
                        name=path.name,
                        media=_MEDIA[path.suffix],
                        role=PartRole.MAIN if path == main else PartRole.ANNEX,
                    )
                )
            )
            for path in files
        ]


def _sha256(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
