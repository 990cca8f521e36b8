"""A real hub process: started as an operator starts it, looked at, killed again and again, and told to stop."""

import asyncio
import contextlib
import json
import random
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import aiohttp
import pytest

from emla.model.errors import TransportError
from emla.model.mailbox import Release
from tests.support.calls import body_of, get, operations, post
from tests.support.commands import run_emla
from tests.support.gateways import select
from tests.support.hub_books import hub_violations
from tests.support.hub_members import Member, member_of
from tests.support.hub_world import AT, DE, HUB, package_of, three
from tests.support.messages import make_template
from tests.support.ports import free_port
from tests.support.servers import ROOT, Server, introduce, make_hub, make_server

SMALL = make_template(sender=AT, recipient=DE, attachment=b"annex " * 2000)
LARGE = make_template(sender=AT, recipient=DE, attachment=bytes(range(256)) * 4000)
KILLS = 8
SEED = 20261126

pytestmark = pytest.mark.xdist_group("processes")


def emla(server: Server, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run a command on a server's folder."""
    return run_emla(*words, "--data", str(server.data))


@pytest.mark.parametrize("how", ["option", "setting"])
def test_a_hub_is_started_by_an_option_or_a_setting(tmp_path: Path, how: str) -> None:
    hub = make_hub(tmp_path, HUB)
    settings = ["[peer]", f"listen_port = {hub.port}", "[operations]", f"listen_port = {free_port()}"]
    if how == "setting":
        settings += ["[serve]", 'role = "hub"']
    (hub.data / "emla.toml").write_text("\n".join(settings))
    words = ["--role", "hub"] if how == "option" else []
    with hub.log.open("ab") as log:
        hub.process = subprocess.Popen(
            [sys.executable, "-m", "emla", "serve", "--data", str(hub.data), *words],
            cwd=ROOT,
            stdout=log,
            stderr=log,
        )
    try:
        hub.wait_ready()
        status, answer = asyncio.run(get(hub, "/v1/status"))
        assert (status, answer["role"], answer["ready"]) == (200, "hub", True)
        assert asyncio.run(get(hub, "/v1/messages"))[0] == 404, "a hub has no messages"
        listed = emla(hub, "hub", "list", "--json")
        assert (listed.returncode, json.loads(listed.stdout)["items"]) == (0, [])
        assert len(hub.process_ids()) == 1, "neither opener nor clerk"
    finally:
        assert hub.stop() == 0


def test_what_a_hub_holds_is_listed_and_measured(tmp_path: Path) -> None:
    with three(tmp_path) as (at, _, hub):
        pids = asyncio.run(_handed_in(at, 2))
        asyncio.run(_deposit_all(hub, at, pids))
        listed = json.loads(emla(hub, "hub", "list", "--json").stdout)["items"]
        held = {each["authority"]: (each["items"], each["pinned"]) for each in listed}
        assert held == {AT: (0, True), DE: (2, True)}
        shown = emla(hub, "hub", "list").stdout
        assert DE in shown
        doctor = emla(hub, "doctor")
        assert f"answers as {HUB}" in doctor.stdout.replace("\n", " ")
        assert asyncio.run(operations(hub, "/readyz"))[1]["ready"] is True
        text = asyncio.run(_metrics(hub))
        assert f'emla_mailbox_items{{owner="{DE}"}} 2.0' in text
        assert "emla_hub_deposited_total 2.0" in text
        assert emla(hub, "ledger", "verify").returncode == 0
        assert emla(at, "hub", "list").returncode == 1, "a gateway holds nothing for others"


async def _metrics(hub: Server) -> str:
    async with (
        aiohttp.ClientSession() as client,
        client.get(f"http://127.0.0.1:{hub.operations_port}/metrics") as answer,
    ):
        return await answer.text()


def test_a_folder_keeps_its_role(tmp_path: Path) -> None:
    with three(tmp_path) as (at, _, hub):
        pids = asyncio.run(_handed_in(at, 1))
        asyncio.run(_deposit_all(hub, at, pids))
        for server, other in ((at, "hub"), (hub, "gateway")):
            assert server.stop() == 0
            server.role = other
            server.start()
            assert server.process is not None
            assert server.process.wait(60) == 2
            assert "wrong-role" in server.log.read_text()
            server.process = None


def test_a_hub_that_is_told_to_stop_lets_nobody_wait(tmp_path: Path) -> None:
    hub, de = make_hub(tmp_path, HUB), make_server(tmp_path, DE)
    hub.start()
    de.start()
    try:
        for each in (hub, de):
            each.wait_ready()
        asyncio.run(introduce(hub, de))
        asyncio.run(_stopped_while_waiting(hub, de))
    finally:
        de.stop()


async def _stopped_while_waiting(hub: Server, de: Server) -> None:
    async with member_of(hub, de) as member:
        waiting = asyncio.create_task(member.items(wait=55))
        # A second call is answered, so the first one has arrived.
        assert await member.items() == ()
        assert await asyncio.to_thread(hub.stop) == 0
        async with asyncio.timeout(20):
            with contextlib.suppress(aiohttp.ClientError):
                assert await waiting == ()


# --- killed again and again ---


@dataclass
class Campaign:
    """A depositor and a collector that go on until everything is through."""

    hub: Server
    at: Server
    de: Server
    pids: list[bytes]
    promised: dict[bytes, bytes] = field(default_factory=dict)
    left: bool = True
    """Whether the last list held anything. Of a release whose answer was lost nobody knows but the hub."""
    broken: int = 0

    async def deposit(self) -> None:
        """Give each package until it is promised, and once more: the promise is the same bytes."""
        async with member_of(self.hub, self.at) as member:
            for pid in self.pids:
                for _ in range(2):
                    bundle = await self._until_answered(partial(_deposit, member, self.at, pid))
                    assert self.promised.setdefault(pid, bundle) == bundle
                    self.left = True

    async def collect(self) -> None:
        """Collect, accept and release until every package is gone."""
        async with member_of(self.hub, self.de) as member:
            while len(self.promised) < len(self.pids) or self.left:
                await self._until_answered(partial(self._round, member))

    async def _round(self, member: Member) -> bytes:
        items = await member.items(wait=1)
        self.left = bool(items)
        for item in items:
            body = await member.collect(item.item)
            proof = await member.hand_on(self.de, item.ref, body)
            assert await member.release(Release(item=item.item, proof=proof)) == ("ok",)
        return b""

    async def _until_answered(self, work: Callable[[], Awaitable[bytes]]) -> bytes:
        while True:
            try:
                return await work()
            except (aiohttp.ClientError, TransportError, OSError):
                self.broken += 1
                await asyncio.sleep(0.05)

    async def kill(self, chance: random.Random) -> None:
        """Kill the hub at random instants while it works, and start it again."""
        for _ in range(KILLS):
            await asyncio.sleep(chance.uniform(0.05, 0.5))
            self.hub.kill()
            self.hub.start()
            await asyncio.to_thread(self.hub.wait_ready)


async def _deposit(member: Member, at: Server, pid: bytes) -> bytes:
    return await member.deposit(pid, *package_of(at, pid))


async def _handed_in(at: Server, small: int, large: int = 0) -> list[bytes]:
    pids = []
    for template in (*[SMALL] * small, *[LARGE] * large):
        status, answer = await post(at, body_of(template))
        assert status == 201, answer
        pids.append(bytes.fromhex(str(answer["pid"])))
    return pids


async def _deposit_all(hub: Server, at: Server, pids: list[bytes]) -> None:
    async with member_of(hub, at) as member:
        for pid in pids:
            await _deposit(member, at, pid)


def test_a_hub_that_is_killed_again_and_again_loses_nothing_it_promised(tmp_path: Path) -> None:
    with three(tmp_path) as (at, de, hub):
        pids = asyncio.run(_handed_in(at, 24, large=4))
        at.stop()
        de.start()
        de.wait_ready()
        campaign = Campaign(hub, at, de, pids)
        asyncio.run(_killed(campaign))
        assert set(campaign.promised) == set(pids)
        assert campaign.broken, "no kill was felt"
        assert select(hub.data, "SELECT DISTINCT state FROM mailbox_item") == [("RELEASED",)]
        assert hub_violations(hub.data, campaign.promised) == []
        accepted = select(de.data, "SELECT pid FROM received")
        assert sorted(pid for (pid,) in accepted if isinstance(pid, bytes)) == sorted(pids)
        hub.stop()
        assert hub_violations(hub.data, campaign.promised) == []


async def _killed(campaign: Campaign) -> None:
    async with asyncio.timeout(120), asyncio.TaskGroup() as group:
        group.create_task(campaign.deposit())
        group.create_task(campaign.collect())
        group.create_task(campaign.kill(random.Random(SEED)))
