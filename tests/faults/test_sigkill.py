"""Row 78: real gateways, hundreds of submissions, and somebody who kills one of them again and again with SIGKILL.

What must come out: every message is delivered, none twice, both ledgers are whole, and everything a client was ever told is true.
The case system behaves as its manual asks: when the line breaks, it hands in the same message again, with the same bytes,
until it has the SubmissionAcceptance.
"""

import asyncio
import base64
import os
import random
import secrets
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest

from emla.bootstrap.audit import verify_ledger
from emla.model.acknowledgement import Event
from tests.simulation.hub_judged import promised_to
from tests.support.books import damage_in, read_books, reading
from tests.support.copies import BEGUN, ENDED
from tests.support.hub_books import hub_violations
from tests.support.invariants import seen_is_stored, violations
from tests.support.messages import ATTACHMENT_NAME, Template, make_template
from tests.support.recheck import manifest_of
from tests.support.servers import Server, make_hub, make_server, started, submission

AT_ONCE = 16
CONVERGENCE_SECONDS_MAX = 90
COPIED_AFTER_BYTES = 200_000
SENDER, RECIPIENT, HUB = "at.moj", "jp.moj", "eu.hub"


@dataclass(frozen=True, slots=True, kw_only=True)
class Storm:
    """How many messages are handed in while servers are killed so often."""

    submissions: int
    kills: int


@dataclass
class CaseSystem:
    """A careful client: it forgets nothing it was told and hands in again what it got no answer to."""

    server: Server
    template: Template
    todo: list[bytes]
    accepted: dict[bytes, bytes] = field(default_factory=dict)
    """Package id by message id, of every message with a SubmissionAcceptance."""
    seen: dict[tuple[bytes, Event], bytes] = field(default_factory=dict)
    """Every acknowledgement that came with any answer."""
    broken: int = 0
    """How often the line broke or the gateway asked to come back."""

    def __post_init__(self) -> None:
        self._granted = asyncio.Semaphore(0)
        self._at_once = asyncio.Semaphore(AT_ONCE)

    def grant(self, count: int) -> None:
        """Let so many more messages be handed in."""
        for _ in range(count):
            self._granted.release()

    async def run(self) -> None:
        async with self.server.client() as client:
            await asyncio.gather(*(self._hand_in(client, each) for each in self.todo))

    async def _hand_in(self, client: aiohttp.ClientSession, message_id: bytes) -> None:
        await self._granted.acquire()
        async with self._at_once:
            document = self.template.fill(message_id, message_id)
            body = submission(document, [(ATTACHMENT_NAME, self.template.attachment)])
            while message_id not in self.accepted:
                try:
                    await self._submit(client, message_id, body)
                except (aiohttp.ClientError, OSError):
                    self.broken += 1
                    await asyncio.sleep(0.05)

    async def _submit(self, client: aiohttp.ClientSession, message_id: bytes, body: bytes) -> None:
        # Every third case system also waits a little for the RelayAcceptance.
        wait = "2" if message_id[0] % 3 == 0 else "0"
        async with client.post("/v1/messages", params={"wait": wait}, data=body) as answer:
            if answer.status >= 500:
                self.broken += 1
                await asyncio.sleep(0.05)
                return
            assert answer.status in (200, 201), await answer.text()
            found = await answer.json()
        pid = bytes.fromhex(found["pid"])
        for each in found["acknowledgements"]:
            key, bundle = (pid, Event(each["event"])), base64.b64decode(each["bundle"])
            assert self.seen.setdefault(key, bundle) == bundle, "one event was acknowledged with two bundles"
        assert (pid, Event.SUBMISSION_ACCEPTANCE) in self.seen
        self.accepted[message_id] = pid


@dataclass
class Killer:
    """Kills and restarts servers at instants a seed decides, sometimes while they are still starting.

    Before each kill some more messages are let in, so that every kill meets submissions.
    """

    clients: CaseSystem
    servers: tuple[Server, ...]
    storm: Storm
    chance: random.Random
    report: Callable[[int, Server, str], None]
    copies: int = 0
    """How often somebody began to copy the WAL back."""
    in_a_copy: int = 0
    """How many died while the disk had not taken what was copied."""
    _read: dict[str, int] = field(default_factory=dict)
    """How far each log was read."""

    async def run(self) -> None:
        for number in range(self.storm.kills):
            if self.chance.random() < 0.8:
                for server in self.servers:
                    await asyncio.to_thread(wait_started, server)
            self.clients.grant(self.storm.submissions // self.storm.kills)
            await asyncio.sleep(self.chance.uniform(0.02, 0.5))
            victim = self.servers[number % 2] if number < 4 else self.chance.choice(self.servers)
            victim.kill()
            self._count_copies(victim)
            self.report(number, victim, where_things_stand(*self.servers[:2]))
            victim.start()
        for server in self.servers:
            await asyncio.to_thread(wait_started, server)

    def _count_copies(self, victim: Server) -> None:
        with victim.log.open() as log:
            log.seek(self._read.get(victim.id, 0))
            said = [line.strip() for line in log if line.strip() in (BEGUN, ENDED)]
            self._read[victim.id] = log.tell()
        self.copies += said.count(BEGUN)
        self.in_a_copy += said[-1:] == [BEGUN]


def wait_started(server: Server) -> None:
    """Wait until a server listens. While it was dead another program may have borrowed its port: then start it again."""
    for _ in range(20):
        try:
            server.wait_ready()
        except AssertionError:
            if server.process is None or "address-in-use" not in server.log.read_text()[-2000:]:
                raise
            time.sleep(0.2)
            server.start()
        else:
            return
    raise AssertionError(f"{server.id} does not get its port back")


def counts(server: Server, sql: str) -> dict[str, int]:
    """A count by state, read beside the server."""
    with reading(server.data) as database:
        return dict(database.execute(sql).fetchall())


LEGS = "SELECT kind || ' ' || state, count(*) FROM leg GROUP BY 1"
INBOX = "SELECT state, count(*) FROM inbox GROUP BY 1"


def where_things_stand(sender: Server, recipient: Server) -> str:
    """What was durable at this instant."""
    try:
        return f"legs {counts(sender, LEGS)}, inbox {counts(recipient, INBOX)}, {counts(recipient, LEGS)}"
    except sqlite3.OperationalError as error:
        return str(error)


async def quiet(sender: Server, recipient: Server, submissions: int) -> float:
    """Wait until nothing is on its way; the seconds that took."""
    begun = time.monotonic()
    while time.monotonic() - begun < CONVERGENCE_SECONDS_MAX:
        legs = counts(sender, LEGS)
        done = legs.get("package CONSIGNED", 0) == submissions
        if done and not counts(recipient, LEGS).get("acknowledgement READY", 0):
            return time.monotonic() - begun
        await asyncio.sleep(0.1)
    raise AssertionError(
        f"still on its way after {CONVERGENCE_SECONDS_MAX} s: {where_things_stand(sender, recipient)}"
    )


@pytest.mark.timeout(300)
def test_every_message_arrives_once_however_often_a_gateway_is_killed(tmp_path: Path) -> None:
    servers = (make_server(tmp_path, SENDER), make_server(tmp_path, RECIPIENT))
    with started(*copying_often(*servers)) as (sender, recipient):
        weather(sender, recipient, (), Storm(submissions=500, kills=20))


@pytest.mark.long
@pytest.mark.timeout(0)
def test_every_message_arrives_once_after_a_thousand_kills_of_two_gateways_and_a_hub(tmp_path: Path) -> None:
    here = make_server(tmp_path, SENDER, hubs=(HUB,))
    there = make_server(tmp_path, RECIPIENT, hubs=(HUB,), endpoint=False)
    with started(*copying_often(here, there, make_hub(tmp_path, HUB))) as (sender, recipient, hub):
        assert weather(sender, recipient, (hub,), Storm(submissions=5000, kills=1000)).in_a_copy
        assert (hub.stop(), verify_ledger(hub.data).problems) == (0, ())
        assert hub_violations(hub.data, promised_to([here.data, there.data])) == []


def copying_often(*servers: Server) -> tuple[Server, ...]:
    """With the 32 MiB of every day no server here would live to see its WAL copied back."""
    for server in servers:
        server.copied_after_bytes = COPIED_AFTER_BYTES
    return servers


def weather(sender: Server, recipient: Server, hubs: tuple[Server, ...], storm: Storm) -> Killer:
    """Go through a storm, wait until it is quiet, and judge. With hubs, the recipient listens for nobody."""
    seed = int(os.environ.get("EMLA_FAULT_SEED") or secrets.randbits(32))
    print(f"EMLA_FAULT_SEED={seed}")
    template = make_template(sender=SENDER, recipient=RECIPIENT, attachment=b"\0capture" * 100)
    begun = time.monotonic()
    clients = CaseSystem(
        server=sender,
        template=template,
        todo=[secrets.token_bytes(16) for _ in range(storm.submissions)],
    )

    def report(number: int, victim: Server, standing: str) -> None:
        told = f"told {len(clients.accepted)}"
        print(f"{time.monotonic() - begun:5.1f} s kill {number + 1}: {victim.id}; {told}; {standing}")

    killer = Killer(clients, (sender, recipient, *hubs), storm, random.Random(seed), report)

    async def through_it() -> float:
        await asyncio.gather(clients.run(), killer.run())
        print(f"{time.monotonic() - begun:5.1f} s all told; {clients.broken} answers lost or put off")
        return await quiet(sender, recipient, storm.submissions)

    settled = asyncio.run(through_it())
    print(f"{time.monotonic() - begun:5.1f} s quiet, {settled:.1f} s after the last of both")
    assert (sender.stop(), recipient.stop()) == (0, 0)
    check(clients, sender, recipient, storm.submissions)
    print(
        f"{time.monotonic() - begun:5.1f} s checked; {killer.copies} times the WAL was copied back, {killer.in_a_copy} died in it"
    )
    assert killer.copies, "no WAL was ever copied back"
    return killer


def check(clients: CaseSystem, sender: Server, recipient: Server, submissions: int) -> None:
    ours, theirs = read_books(sender.data), read_books(recipient.data)
    assert [str(each) for each in violations(sender.data, recipient.data)] == []
    assert [str(each) for each in seen_is_stored(ours, clients.seen)] == []

    assert [verify_ledger(each.data).problems for each in (sender, recipient)] == [(), ()]
    for each in (sender, recipient):
        with reading(each.data) as database:
            assert damage_in(database) == []

    assert len(clients.accepted) == submissions
    assert {each.message_id: pid for pid, each in ours.sent.items()} == clients.accepted
    assert sorted(each.seq for each in ours.sent.values()) == list(range(1, submissions + 1))
    assert ours.sent.keys() == theirs.received.keys()
    # Consigned, all of them, exactly once; and being killed is nobody's strike.
    assert {each.state for each in theirs.received.values()} == {"CONSIGNED"}
    assert {each.strikes for each in theirs.received.values()} == {0}
    issued = [each.event for each in theirs.acknowledgements.values()]
    assert issued.count(Event.CONTENT_CONSIGNMENT) == submissions
    assert issued.count(Event.RELAY_ACCEPTANCE) == submissions
    assert len(issued) == 2 * submissions
    assert {leg.state for leg in ours.legs} == {"CONSIGNED"}
    # What a hub has for the sender is offered again for days; the sender has it.
    assert {leg.state for leg in theirs.legs} <= {"DONE", "HUB_HELD"}
    assert {each.aid for each in theirs.acknowledgements.values()} <= ours.acknowledgements.keys()
    for pid, package in theirs.received.items():
        manifest = manifest_of(theirs, package)
        assert manifest is not None
        assert manifest.parts[0].sha256 == ours.sent[pid].message_sha256
