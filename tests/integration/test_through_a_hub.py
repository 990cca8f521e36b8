"""Real processes: a sender, a hub, and a recipient that listens for nobody. Whoever is killed, everything arrives once."""

import asyncio
import contextlib
import random
import secrets
from pathlib import Path

import pytest

from emla.bootstrap.audit import verify_ledger
from emla.bootstrap.restored import Restored, is_restored, write_marker
from emla.model.acknowledgement import Event
from tests.support.calls import body_of, eventually, get, log_lines, post
from tests.support.gateways import select
from tests.support.hub_world import hub_members
from tests.support.invariants import violations
from tests.support.messages import make_template
from tests.support.servers import Server

SENDER, RECIPIENT, HUB = "at.moj", "jp.moj", "eu.hub"
TEMPLATE = make_template(sender=SENDER, recipient=RECIPIENT, attachment=secrets.token_bytes(3000))
LARGE = make_template(sender=SENDER, recipient=RECIPIENT, attachment=secrets.token_bytes(700_000))
BACK = make_template(sender=RECIPIENT, recipient=SENDER, attachment=secrets.token_bytes(3000))
MESSAGES, KILLS = 30, 6

pytestmark = pytest.mark.xdist_group("processes")


def states(server: Server) -> dict[object, object]:
    sql = "SELECT state, count(*) FROM leg WHERE kind = 'package' GROUP BY state"
    return {row[0]: row[1] for row in select(server.data, sql)}


def listening(server: Server) -> set[int]:
    """The TCP ports on which a process listens."""
    assert server.process is not None
    own = Path(f"/proc/{server.process.pid}")
    inodes = set()
    for each in (own / "fd").iterdir():
        with contextlib.suppress(OSError):  # closed meanwhile
            inodes.add(str(each.readlink()).partition("socket:[")[2].rstrip("]"))
    ports = set()
    for table in ("tcp", "tcp6"):
        for line in (own / "net" / table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in inodes:
                ports.add(int(fields[1].rpartition(":")[2], 16))
    return ports


@pytest.mark.parametrize("sender_listens", [True, False])
def test_an_authority_without_an_inbound_port_sends_and_receives(
    tmp_path: Path, *, sender_listens: bool
) -> None:
    with hub_members(tmp_path, sender_listens=sender_listens) as (sender, hub, recipient):
        assert listening(recipient) == {recipient.operations_port}
        asyncio.run(both_ways(sender, recipient))
        assert {each["code"] for each in log_lines(hub) if each["level"] == "error"} == set()
        for each in (sender, hub, recipient):
            each.stop()
            audit = verify_ledger(each.data)
            assert audit.whole, audit.problems
        assert select(hub.data, "SELECT count(*) FROM mailbox_item WHERE state = 'HELD'") == [(0,)]
        assert not [path for path in (hub.data / "blobs").rglob("*") if path.is_file()]
        if not sender_listens:
            restored_opens(sender, hub, recipient)


def restored_opens(sender: Server, hub: Server, recipient: Server) -> None:
    """A restored folder that nobody can call: it asks its hub, and through it the peer that nobody can call either."""
    write_marker(recipient.data, Restored(at=1790000000, backup_at=1789000000, checkpoint=""))
    for each in (hub, sender, recipient):
        each.start()
    for each in (hub, sender, recipient):
        each.wait_ready()
    asyncio.run(eventually(lambda: not is_restored(recipient.data)))
    shown = {str(each["message"]) for each in log_lines(recipient)}
    assert {"ledger closed", "ledger opened"} <= shown
    statuses = "SELECT owner, depositor FROM mailbox_item WHERE kind = 'channel' ORDER BY owner"
    assert select(hub.data, statuses) == [(SENDER, RECIPIENT), (RECIPIENT, SENDER)]
    for each in (sender, hub, recipient):
        each.stop()
        assert verify_ledger(each.data).whole


async def both_ways(sender: Server, recipient: Server) -> None:
    for here, template in ((sender, TEMPLATE), (sender, LARGE), (recipient, BACK)):
        status, answer = await post(here, body_of(template))
        assert status == 201, answer
    await eventually(lambda: states(sender) == {"CONSIGNED": 2} and states(recipient) == {"CONSIGNED": 1})
    for here in (sender, recipient):
        await eventually(lambda here=here: _waiting(here) <= {"HUB_HELD"})  # type: ignore[misc]  # bound at once
    _, standing = await get(recipient, "/v1/status")
    assert standing["hubs"] == [{"authority": HUB, "pinned": True, "reached": True}]
    _, peers = await get(sender, "/v1/peers")
    items = peers["items"]
    assert isinstance(items, list)
    shown = {each["authority"]: (each["endpoint"], each["through"]) for each in items}
    assert shown[RECIPIENT] == (False, [HUB])
    ((pid,),) = select(recipient.data, "SELECT pid FROM sent")
    assert isinstance(pid, bytes)
    _, message = await get(recipient, f"/v1/messages/{pid.hex()}")
    found = message["acknowledgements"]
    assert isinstance(found, list)
    assert {each["event"] for each in found} >= {Event.RELAY_ACCEPTANCE, Event.CONTENT_CONSIGNMENT}


def _waiting(server: Server) -> set[object]:
    sql = "SELECT state FROM leg WHERE state NOT IN ('DONE', 'CONSIGNED', 'HANDED')"
    return {row[0] for row in select(server.data, sql)}


def test_whoever_is_killed_everything_arrives_once(tmp_path: Path) -> None:
    """The hub, the recipient and the sender are killed with SIGKILL in turn, at instants that a seed decides."""
    seed = secrets.randbits(32)
    print(f"seed {seed}")
    with hub_members(tmp_path) as servers:
        asyncio.run(under_kills(servers, random.Random(seed)))
        sender, hub, recipient = servers
        for each in servers:
            assert each.stop() == 0
        for each in servers:
            audit = verify_ledger(each.data)
            assert audit.whole, audit.problems
        assert select(recipient.data, "SELECT count(*), count(DISTINCT msg) FROM received") == [
            (MESSAGES, MESSAGES)
        ]
        assert [str(each) for each in violations(sender.data, recipient.data)] == []
        held = "SELECT count(*) FROM mailbox_item WHERE state = 'HELD' AND kind = 'package'"
        assert select(hub.data, held) == [(0,)]


async def under_kills(servers: tuple[Server, Server, Server], chance: random.Random) -> None:
    sender, hub, recipient = servers
    victims = [hub, recipient, sender] * (KILLS // 3)
    for victim in victims:
        for _ in range(MESSAGES // KILLS):
            status, answer = await post(sender, body_of(TEMPLATE))
            assert status == 201, answer
        await asyncio.sleep(chance.uniform(0, 0.3))
        victim.kill()
        victim.start()
        await asyncio.to_thread(victim.wait_ready)
    await eventually(lambda: states(sender) == {"CONSIGNED": MESSAGES}, 90)
