"""Every commit of a hub fails once with nothing stored and once with everything stored; then the hub is opened again.

H2, H4 and H6 of docs/explanation/order-of-writes.md. Whatever failed is simply done again, and ends as if nothing had happened.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from emla.bootstrap.audit_mailboxes import mailbox_problems
from emla.formats import mailbox as form
from emla.formats.acknowledgement import encode_bundle
from emla.model.acknowledgement import Event
from emla.model.errors import StoreError
from emla.model.mailbox import EXPIRY_GRACE_SECONDS, Release
from emla.model.package import PartRole
from tests.support.acknowledging import issue
from tests.support.authorities import PARTS, build, derived, party
from tests.support.faulty_store import Fate, FaultyStore
from tests.support.gateways import TurnedClock, acknowledgement_id_of, rows
from tests.support.hubs import Answered, Hub, acceptance, hub_at

AT, DE, HUB = party("at.moj"), party("de.bfj"), party("eu.hub")
SMALL = build(AT, DE)
LARGE = build(
    AT, DE, number=2, parts=(*PARTS, (PartRole.ANNEX, "application/pdf", "big.pdf", derived("big") * 12_000))
)
VERDICT = encode_bundle(issue(DE, SMALL, Event.CONTENT_CONSIGNMENT))


def break_next(hub: Hub, fate: Fate) -> None:
    """The next commit fails so."""
    hub.home.gateway.store = FaultyStore(hub.home.store, lambda: fate)


def problems(data: Path) -> list[str]:
    """What the audit says of the mailboxes."""
    with closing(sqlite3.connect(f"{(data / 'emla.db').as_uri()}?mode=ro", uri=True)) as connection:
        return list(mailbox_problems(connection, HUB.id))


async def put_verdict(hub: Hub) -> Answered:
    path = f"/emla/1/acknowledgements/{acknowledgement_id_of(VERDICT).hex()}"
    return await hub.send("PUT", path, VERDICT)


@pytest.mark.parametrize("fate", Fate)
@pytest.mark.parametrize("package", [SMALL, LARGE], ids=["small", "large"])
async def test_a_deposit_whose_commit_failed_is_promised_by_nobody_and_done_again(
    tmp_path: Path, package: object, fate: Fate
) -> None:
    chosen = SMALL if package is SMALL else LARGE
    data = tmp_path / "hub"
    async with hub_at(data, HUB, AT, DE) as hub:
        break_next(hub, fate)
        assert (await hub.put_package(chosen)).status == 500
    async with hub_at(data, HUB, AT, DE) as hub:
        assert len(await hub.list_of(DE)) == (1 if fate is Fate.KEPT else 0)
        first, second = await hub.put_package(chosen), await hub.put_package(chosen)
        assert (first.status, first.body) == (200, second.body)
        (item,) = await hub.list_of(DE)
        assert (await hub.call(DE, "GET", f"/emla/1/mailbox/{item.item}")).status == 200
    assert problems(data) == []


@pytest.mark.parametrize("fate", Fate)
async def test_an_acknowledgement_whose_commit_failed_is_given_again(tmp_path: Path, fate: Fate) -> None:
    data = tmp_path / "hub"
    async with hub_at(data, HUB, AT, DE) as hub:
        break_next(hub, fate)
        assert (await put_verdict(hub)).status == 500
    async with hub_at(data, HUB, AT, DE) as hub:
        assert (await put_verdict(hub)).status == 204
        assert len(await hub.list_of(AT)) == 1


@pytest.mark.parametrize("fate", Fate)
@pytest.mark.parametrize("package", [SMALL, LARGE], ids=["small", "large"])
async def test_a_release_whose_commit_failed_is_made_again(
    tmp_path: Path, package: object, fate: Fate
) -> None:
    chosen = SMALL if package is SMALL else LARGE
    data = tmp_path / "hub"
    async with hub_at(data, HUB, AT, DE) as hub:
        await hub.put_package(chosen)
        (item,) = await hub.list_of(DE)
        release = Release(item=item.item, proof=acceptance(DE, chosen))
        break_next(hub, fate)
        answer = await hub.call(DE, "POST", "/emla/1/mailbox/release", form.encode_releases([release]))
        assert answer.status == 500
        # Whatever became of the commit: while nobody knows, no byte is removed.
        assert len(hub.home.leftovers()) == (1 if chosen is LARGE else 0)
    async with hub_at(data, HUB, AT, DE) as hub:
        assert len(await hub.list_of(DE)) == (0 if fate is Fate.KEPT else 1)
        assert await hub.release(DE, release) == ("ok",)
        assert await hub.list_of(DE) == ()
        assert rows(data)["acknowledgement"] == 2
    assert problems(data) == []


@pytest.mark.parametrize("fate", Fate)
async def test_an_end_by_time_whose_commit_failed_is_made_again(tmp_path: Path, fate: Fate) -> None:
    data, clock = tmp_path / "hub", TurnedClock()
    async with hub_at(data, HUB, AT, DE, clock=clock) as hub:
        await hub.put_package(LARGE)
        (item,) = await hub.list_of(DE)
        clock.at = float(item.expires + EXPIRY_GRACE_SECONDS + 1)
        break_next(hub, fate)
        with pytest.raises(StoreError):
            await hub.sweep.round()
        assert len(hub.home.leftovers()) == 1
    async with hub_at(data, HUB, AT, DE, clock=clock) as hub:
        await hub.sweep.round()
        assert await hub.list_of(DE) == ()
    assert rows(data)["event"] == 1
    assert problems(data) == []


async def test_the_audit_sees_what_a_hub_must_not_do(tmp_path: Path) -> None:
    data = tmp_path / "hub"
    async with hub_at(data, HUB, AT, DE) as hub:
        for package in (SMALL, LARGE):
            await hub.put_package(package)
    assert problems(data) == []
    for sql, words in (
        ("UPDATE mailbox_item SET state = 'RELEASED', ended_at = 1", "without its owner's acknowledgement"),
        ("UPDATE mailbox_item SET state = 'EXPIRED', ended_at = 1", "the ledger does not say so"),
        ("DELETE FROM mailbox_body", "its bytes are gone"),
        ("UPDATE mailbox_body SET front = x'7b7d'", "with another header"),
        ("DELETE FROM mailbox_body; DELETE FROM mailbox_item", "there is no item"),
    ):
        copy = tmp_path / "copy.db"
        copy.unlink(missing_ok=True)
        with closing(sqlite3.connect(data / "emla.db")) as connection:
            connection.execute("VACUUM INTO ?", (str(copy),))
        with closing(sqlite3.connect(copy)) as connection:
            connection.executescript(sql)
            found = list(mailbox_problems(connection, HUB.id))
            assert len(found) == 2, (sql, found)
            assert all(words in each for each in found), (sql, found)
