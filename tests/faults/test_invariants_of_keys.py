"""The oracle finds what is wrong with keys, officers' decisions and ledgers that ended: one thing is damaged in good folders."""

import asyncio
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from emla.formats import documents as form
from emla.formats import dsse
from emla.keyring.files import FileUse
from emla.ledger.leaf import LeafKind
from emla.model.documents import KeyUse
from emla.model.signed import PayloadType, SignedObject
from tests.faults.test_invariants import sql
from tests.support.books import read_books
from tests.support.invariants import violations
from tests.support.judged_keys import suites_are_published
from tests.support.judged_ledger import LEDGER
from tests.support.key_house import RECIPIENT, SENDER, House, key_house
from tests.support.restored import exchange


async def live(house: House) -> None:
    """A package before, and one whose key is revoked under way; new keys of all three uses; the old sign key revoked."""
    clock, recipient = house.clock, house.recipient
    await house.hand_in()
    await house.deliver()
    await house.settle()
    await recipient.add_key(FileUse.SEAL)
    await house.refresh()
    await house.hand_in()
    await recipient.revoke(recipient.newest(KeyUse.SEAL))
    await house.refresh()
    await house.deliver()
    await house.settle()
    clock.moved_by += 2
    await recipient.add_key(FileUse.LEDGER)
    clock.moved_by += 2
    old = recipient.newest(KeyUse.SIGN)
    await recipient.add_key(FileUse.SIGN)
    await recipient.station.upkeep.sign_status()
    await house.refresh()
    clock.moved_by += 2
    await recipient.revoke(old)
    await house.refresh()
    await house.hand_in()
    await house.deliver()
    await house.settle()


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lived")

    async def begin() -> None:
        async with key_house(folder) as house:
            await live(house)

    asyncio.run(begin())
    return folder


@pytest.fixture(scope="module")
def recovered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The recipient's folder was put back, and its ledger goes on in a second epoch; what it had lost came back."""
    folder = tmp_path_factory.mktemp("recovered")
    asyncio.run(recover(folder))
    return folder


async def recover(folder: Path) -> None:
    async with exchange(folder) as both:
        await both.there()
        await both.here()
        await both.copy()
        await both.there()
        await both.here()
        await both.both_ask()
        await both.restore()
        await both.both_ask()
        await both.recover()
        await both.house.refresh()
        await both.both_ask()
        await both.there()
        await both.here()
        await both.both_ask()


def judge(folder: Path) -> set[int]:
    return {each.number for each in violations(folder / SENDER, folder / RECIPIENT)}


def test_keys_that_came_and_went_are_no_violation(lived: Path) -> None:
    assert [str(each) for each in violations(lived / SENDER, lived / RECIPIENT)] == []
    books = read_books(lived / SENDER)
    assert any(each.replaces for each in books.sent.values())
    peer = books.peers[RECIPIENT]
    assert peer is not None
    assert len(peer.revocations) == 2


def test_a_ledger_that_was_recovered_is_no_violation(recovered: Path) -> None:
    assert [str(each) for each in violations(recovered / SENDER, recovered / RECIPIENT)] == []
    assert [each.epoch for each in read_books(recovered / RECIPIENT).former] == [1]


EXPORTS = "SELECT d.body FROM document d JOIN leaf l ON l.ref = d.sha256 WHERE instr(d.body, '\"roots\"') ORDER BY l.idx"
LIVED: dict[str, tuple[str, str, set[int]]] = {
    "a peer's documents went back": (SENDER, f"UPDATE peer SET documents = ({EXPORTS} LIMIT 1)", {16}),
    "what a revoked key signed came after its revocation": (
        SENDER,
        "UPDATE leaf SET idx = idx + 1000 WHERE idx = (SELECT min(idx) FROM leaf WHERE kind = 4)",
        {LEDGER, 17},
    ),
    "one officer alone approved": (RECIPIENT, "DELETE FROM approval WHERE act = 'approve'", {26}),
    "nobody decided about a card": (RECIPIENT, "DELETE FROM change WHERE type LIKE '%card%'", {26}),
    "a leg is held and nobody said why": (
        SENDER,
        "UPDATE leg SET state = 'HELD' WHERE id = 1",
        {23},
    ),
    "a package is replaced by nothing": (SENDER, "UPDATE leg SET state = 'REPLACED' WHERE id = 1", {6, 23}),
    "a package is closed by nobody": (
        RECIPIENT,
        "UPDATE inbox SET state = 'CLOSED'",
        {9, 23},
    ),
    "legs are miscounted": (SENDER, "UPDATE leg_count SET legs = legs + 1", {23}),
}


@pytest.mark.parametrize("name", LIVED)
def test_damage_to_what_keys_and_officers_left_is_found(lived: Path, tmp_path: Path, name: str) -> None:
    shutil.copytree(lived, tmp_path, dirs_exist_ok=True)
    authority, statement, expected = LIVED[name]
    sql(tmp_path, authority, statement)
    assert expected <= judge(tmp_path)


OF_FORMER = "SELECT note FROM seen WHERE epoch = 1 AND authority = 'jp.moj'"
RECOVERED: dict[str, tuple[str, str, set[int]]] = {
    "a leaf of the former ledger is gone": (RECIPIENT, "DELETE FROM former_leaf WHERE idx = 2", {LEDGER}),
    "the end of the former ledger is gone": (
        RECIPIENT,
        "DELETE FROM former_leaf WHERE idx = (SELECT max(idx) FROM former_leaf)",
        {LEDGER},
    ),
    "a leaf is in both ledgers": (
        RECIPIENT,
        "UPDATE leaf SET ref = (SELECT min(ref) FROM former_leaf) WHERE idx = (SELECT max(idx) FROM leaf)",
        {LEDGER},
    ),
    "the former checkpoints are gone": (RECIPIENT, "DELETE FROM former_checkpoint", {LEDGER, 13}),
    "somebody has seen more than there is": (
        SENDER,
        f"UPDATE seen SET note = ({OF_FORMER}) WHERE epoch = 2 AND authority = 'jp.moj'",
        {15},
    ),
}


@pytest.mark.parametrize("name", RECOVERED)
def test_damage_to_a_recovered_ledger_is_found(recovered: Path, tmp_path: Path, name: str) -> None:
    shutil.copytree(recovered, tmp_path, dirs_exist_ok=True)
    authority, statement, expected = RECOVERED[name]
    sql(tmp_path, authority, statement)
    assert expected <= judge(tmp_path)


def test_a_second_card_of_one_version_is_found(lived: Path, tmp_path: Path) -> None:
    shutil.copytree(lived, tmp_path, dirs_exist_ok=True)
    authority = read_books(tmp_path / RECIPIENT).authority
    signed = form.decode_signed(authority.documents.card, PayloadType.CARD)
    other = form.encode_card(replace(authority.card, expires=authority.card.expires - 1))
    body = dsse.encode(
        SignedObject(payload_type=PayloadType.CARD, payload=other, signatures=signed.signatures)
    )
    digest = form.document_hash(body)
    sql(tmp_path, RECIPIENT, "INSERT INTO document VALUES (?, ?)", digest, body)
    sql(
        tmp_path,
        RECIPIENT,
        "INSERT INTO leaf SELECT max(idx) + 1, ?, ?, ?, NULL FROM leaf",
        int(LeafKind.DOCUMENT),
        digest,
        digest,
    )
    assert {LEDGER, 16} <= judge(tmp_path)


def test_a_header_to_nobody_who_is_known_or_in_suites_nobody_publishes_is_found(lived: Path) -> None:
    books = read_books(lived / SENDER)
    assert list(suites_are_published(books)) == []
    pid, each = next(iter(books.sent.items()))
    assert each.header is not None
    for header in (
        replace(each.header, recipient="hk.doj"),
        replace(each.header, suites=("h9", "cc1", "ed1")),
    ):
        sent = {**books.sent, pid: replace(each, header=header)}
        assert [found.number for found in suites_are_published(replace(books, sent=sent))] == [18]
