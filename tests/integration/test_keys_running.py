"""Keys and documents between two running gateways, over TLS and the authority API: pushed at once, used at once, never lost."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from emla.bootstrap.audit import verify_ledger
from emla.bootstrap.own import own_authority
from emla.client.client import Client
from emla.keyring.files import FileUse
from emla.model.documents import Authority, KeyUse
from emla.model.errors import EmlaError
from tests.support.calls import body_of, get, post
from tests.support.ceremony import (
    listed,
    new_key,
    next_card,
    revocation_of,
    root_key,
)
from tests.support.gateways import select
from tests.support.messages import make_template
from tests.support.server_officers import publish_card
from tests.support.servers import Server, running

pytestmark = pytest.mark.xdist_group("keys-running")
AT, DE = "at.moj", "de.bfj"
SMALL = make_template(sender=AT, recipient=DE, attachment=b"annex " * 500)
T = TypeVar("T")


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Server, Server]]:
    with running(tmp_path, AT, DE) as servers:
        yield servers[0], servers[1]


def now() -> int:
    return int(time.time())


async def add_key(server: Server, use: FileUse) -> str:
    key = new_key(server.data, use, now())
    card = next_card(own_authority(server.data), now(), listed(key, now() - 60, 300))
    assert (await publish_card(server, card)).state == "PUBLISHED"
    return key.kid


async def revoke(server: Server, kid: str | None) -> None:
    authority = own_authority(server.data)
    async with Client(server.data / "emla.sock") as client:
        await client.revoke(revocation_of(authority, root_key(server.data), kid, now()))


async def eventually(condition: Callable[[], Awaitable[T]], wanted: T) -> None:
    """Ask until the answer is the one wanted; what is so late that nobody waits for it any more fails."""
    async with asyncio.timeout(30):
        while await condition() != wanted:
            await asyncio.sleep(0.02)


def newest(authority: Authority, use: KeyUse) -> str:
    key = authority.newest(use, now())
    assert key is not None
    return key.kid


async def card_version_of(server: Server, peer: str) -> int:
    async with Client(server.data / "emla.sock") as client:
        return (await client.peer(peer)).card_version


async def test_a_card_is_pushed_to_a_running_peer_and_the_new_key_opens_at_once(
    pair: tuple[Server, Server],
) -> None:
    at, de = pair
    kid = await add_key(de, FileUse.SEAL)
    await eventually(lambda: card_version_of(at, DE), 2)
    status, answer = await post(at, body_of(SMALL), wait=30)
    assert status == 201
    await eventually(lambda: state_of(at, str(answer["pid"])), "CONSIGNED")
    async with Client(de.data / "emla.sock") as client:
        keys = await client.keys()
    by_kid = {key.kid: key for key in keys.keys}
    assert (by_kid[kid].life, by_kid[kid].peers, by_kid[kid].place) == ("active", (AT,), "file")
    assert sorted(str(key.life) for key in keys.keys if key.use == "seal") == ["active", "verify-only"]
    assert keys.documents.card.version == 2
    for server in pair:
        assert verify_ledger(server.data).problems == ()


async def state_of(server: Server, pid: str) -> str:
    return str((await get(server, f"/v1/messages/{pid}"))[1]["state"])


async def test_a_sign_and_a_ledger_key_take_over_without_a_restart_and_survive_one(
    pair: tuple[Server, Server],
) -> None:
    at, de = pair
    sign, ledger = await add_key(at, FileUse.SIGN), await add_key(at, FileUse.LEDGER)
    await eventually(lambda: card_version_of(de, AT), 3)
    status, answer = await post(at, body_of(SMALL), wait=30)
    assert (status, answer["state"] in ("ACCEPTED", "CONSIGNED")) == (201, True)
    at.stop()
    at.start()
    at.wait_ready()
    own = own_authority(at.data)
    assert (newest(own, KeyUse.SIGN), newest(own, KeyUse.LEDGER)) == (sign, ledger)
    status, answer = await post(at, body_of(SMALL), wait=30)
    assert status == 201
    for server in pair:
        assert verify_ledger(server.data).problems == ()


async def test_what_waits_for_a_peer_that_is_down_is_sealed_anew_when_it_comes_back_with_a_revocation(
    pair: tuple[Server, Server],
) -> None:
    at, de = pair
    old = newest(de.made.authority, KeyUse.SEAL)
    # DE's gateway cannot be reached by AT: AT's packages wait, while DE revokes its key.
    at.stop()
    await add_key(de, FileUse.SEAL)
    await revoke(de, old)
    de.stop()
    at.start()
    at.wait_ready()
    status, answer = await post(at, body_of(SMALL))
    assert status == 201
    pid = str(answer["pid"])
    de.start()
    de.wait_ready()
    await eventually(lambda: state_of(at, pid), "REPLACED")
    newer = select(at.data, "SELECT pid FROM sent WHERE replaces = ?", bytes.fromhex(pid))
    ((found,),) = newer
    assert isinstance(found, bytes)
    await eventually(lambda: state_of(at, found.hex()), "CONSIGNED")
    assert select(de.data, "SELECT count(*) FROM received") == [(1,)]
    for server in pair:
        assert verify_ledger(server.data).problems == ()


async def test_a_freeze_reaches_the_peer_at_once_and_stops_the_channel(pair: tuple[Server, Server]) -> None:
    at, de = pair
    await revoke(de, None)

    async def frozen() -> bool:
        async with Client(at.data / "emla.sock") as client:
            standing = (await client.peer(DE)).standing
        return standing is not None and standing.frozen

    await eventually(frozen, True)
    status, answer = await post(at, body_of(SMALL))
    assert (status, answer["code"]) == (403, "frozen")


async def test_a_peer_is_forgotten_only_when_nothing_waits_for_it_and_the_ledger_remembers(
    pair: tuple[Server, Server],
) -> None:
    at, de = pair
    status, answer = await post(at, body_of(SMALL), wait=30)
    assert status == 201
    await eventually(lambda: state_of(at, str(answer["pid"])), "CONSIGNED")
    de.stop()
    status, answer = await post(at, body_of(SMALL))
    async with Client(at.data / "emla.sock") as client:
        with pytest.raises(EmlaError) as caught:
            await client.forget_peer(DE)
        assert caught.value.code == "open-legs"
        await client.forget_peer(DE, force=True)
        assert await client.peers() == ()
    assert select(at.data, "SELECT kind FROM event") == [("peer.forgotten",)]
    assert verify_ledger(at.data).problems == ()
