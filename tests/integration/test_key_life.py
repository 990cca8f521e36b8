"""The life of keys between two ministries: rotation, changes by officers, freeze, silence. Real stores and journeys."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from emla.bootstrap.own import own_authority, own_file
from emla.flow.documents.key_life import KeyLife
from emla.flow.documents.key_report import own_keys
from emla.formats import documents as form
from emla.formats.export import encode_export
from emla.formats.header import decode, decode_signed
from emla.keyring.files import FileUse
from emla.model.documents import ApprovalAct, KeyUse
from emla.model.errors import ConfigurationError, InvalidDocumentError
from emla.model.leg import LegState
from emla.model.package import Header
from emla.model.signed import PayloadType
from tests.support.ceremony import (
    ADA,
    BEN,
    EVE,
    fresh_root_key,
    listed,
    new_key,
    next_card,
    next_root,
    root_key,
    signed_card,
    word,
)
from tests.support.faulty_store import Fate
from tests.support.gateways import select
from tests.support.key_house import DAY, RECIPIENT, SENDER, House, key_house


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with key_house(tmp_path) as made:
        yield made


def header_of(house: House, pid: bytes) -> Header:
    signed = house.sender.station.store.read.sent_signed(pid)
    assert signed is not None
    return decode(decode_signed(signed).payload)


def successor(house: House, pid: bytes) -> bytes:
    newer = house.sender.station.store.read.replacement(pid)
    assert newer is not None
    return newer


async def consignments(house: House) -> int:
    """How many packages stand in the recipient's inbox."""
    return len([row for row in house.recipient.station.accepted if row])


# --- rotation ---


async def test_a_package_sealed_to_the_old_key_opens_after_rotation_and_the_next_one_takes_the_new_key(
    house: House,
) -> None:
    old = house.recipient.newest(KeyUse.SEAL)
    first = await house.hand_in()
    new = await house.recipient.add_key(FileUse.SEAL)
    assert await house.deliver() == []
    assert await house.refresh()
    second = await house.hand_in()
    assert await house.deliver() == []
    assert (header_of(house, first).kid, header_of(house, second).kid) == (old, new.kid)
    await house.settle()
    assert house.state(first) is house.state(second) is LegState.CONSIGNED
    lives = {
        key.kid: key.life for key in own_keys(house.recipient.station.gateway, house.recipient.station.keys)
    }
    assert (lives[old], lives[new.kid]) == (KeyLife.VERIFY_ONLY, KeyLife.ACTIVE)
    house.audits_are_whole()


async def test_a_sign_key_takes_over_by_itself_when_its_window_begins(house: House) -> None:
    old = house.recipient.newest(KeyUse.SIGN)
    begins = house.recipient.now + DAY
    new = await house.recipient.add_key(FileUse.SIGN, begins=begins)
    await house.refresh()
    own = house.recipient.station
    own.own.turn()
    assert own.gateway.identity.signer.kid == old
    house.clock.moved_by += DAY + 60
    await own.upkeep.round()
    assert own.gateway.identity.signer.kid == new.kid
    pid = await house.hand_in()
    assert await house.deliver() == []
    assert house.state(pid) is LegState.ACCEPTED
    house.audits_are_whole()


async def test_a_ledger_key_takes_over_and_every_checkpoint_of_the_old_one_still_counts(house: House) -> None:
    first = await house.hand_in()
    assert await house.deliver() == []
    new = await house.recipient.add_key(FileUse.LEDGER)
    await house.refresh()
    second = await house.hand_in()
    assert await house.deliver() == []
    await house.settle()
    assert house.state(first) is house.state(second) is LegState.CONSIGNED
    assert house.recipient.newest(KeyUse.LEDGER) == new.kid
    house.audits_are_whole()
    await house.recipient.station.restart()  # the ledger is recomputed, and its last checkpoint verified
    house.audits_are_whole()


async def test_a_card_whose_private_key_is_not_here_is_not_published(house: House, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    key = new_key(elsewhere, FileUse.SEAL, house.recipient.now)
    before = house.recipient.authority
    card = next_card(before, house.recipient.now, listed(key, house.recipient.now, 300))
    with pytest.raises(ConfigurationError) as caught:
        await house.recipient.publish_card(card)
    assert caught.value.code == "unreadable-key"
    assert house.recipient.authority == before


async def test_a_card_that_drops_a_key_is_not_published(house: House) -> None:
    before = house.recipient.authority
    key = new_key(house.recipient.station.data, FileUse.SIGN, house.recipient.now)
    kept = tuple(each for each in before.card.keys if each.use is not KeyUse.SIGN)
    card = next_card(before, house.recipient.now, keys=(*kept, listed(key, house.recipient.now - 60, 300)))
    with pytest.raises(InvalidDocumentError, match="no longer lists"):
        await house.recipient.publish_card(card)
    assert house.recipient.authority == before


async def test_the_private_half_of_a_sealing_key_is_destroyed_when_nothing_can_arrive_for_it(
    house: House,
) -> None:
    station = house.recipient.station
    short = await house.recipient.add_key(FileUse.SEAL, days=2)
    path = station.data / "keys" / f"seal-{short.kid}.json"
    house.clock.moved_by += 91 * DAY
    await house.hear()
    await station.upkeep.destroy()
    assert path.exists()
    house.clock.moved_by += 2 * DAY
    await house.hear()
    await station.upkeep.destroy()
    assert not path.exists()
    assert len(station.store.read.events("key.destroyed", 10)) == 1
    await station.upkeep.destroy()
    assert len(station.store.read.events("key.destroyed", 10)) == 1
    assert station.opener.sealing_kids().isdisjoint({short.kid})


async def test_a_sealing_key_is_kept_while_something_accepted_is_not_opened_and_a_crash_records_it_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    station = house.recipient.station
    short = await house.recipient.add_key(FileUse.SEAL, days=2)
    await house.refresh()
    await house.hand_in()
    assert await house.deliver() == []
    house.clock.moved_by += 93 * DAY
    await house.hear()
    path = station.data / "keys" / f"seal-{short.kid}.json"
    await station.upkeep.destroy()
    assert path.exists()
    await station.open()
    recorded: list[object] = []

    def stopped(use: KeyUse, kid: str) -> bool:
        """The process ends between the event and the file."""
        recorded.extend(select(station.data, "SELECT count(*) FROM event WHERE kind = 'key.destroyed'"))
        return False

    with monkeypatch.context() as patch:
        patch.setattr(station.keys, "destroy", stopped)
        await station.upkeep.destroy()
    assert recorded == [(1,)]
    assert path.exists()
    assert len(station.store.read.events("key.destroyed", 10)) == 1
    await station.upkeep.destroy()
    assert not path.exists()
    assert len(station.store.read.events("key.destroyed", 10)) == 1


# --- changes ---


async def test_what_could_never_be_published_is_not_even_proposed(house: House) -> None:
    ministry, other = house.recipient, house.sender
    for card, code in (
        (ministry.authority.card, "document-rollback"),
        (next_card(other.authority, other.now), "invalid-document"),
    ):
        with pytest.raises(InvalidDocumentError) as caught:
            await ministry.propose(PayloadType.CARD, form.encode_card(card))
        assert caught.value.code == code
    assert [each.row.type for each in ministry.station.changes.all(10)] == [PayloadType.OFFICERS]


async def test_a_change_needs_two_officers(house: House) -> None:
    ministry, changes = house.recipient, house.recipient.station.changes
    key = new_key(ministry.station.data, FileUse.SEAL, ministry.now)
    card = next_card(ministry.authority, ministry.now, listed(key, ministry.now - 60, 300))
    payload, who, now = form.encode_card(card), RECIPIENT, ministry.now
    by_ada = word(ADA, ApprovalAct.PROPOSE, who, PayloadType.CARD, payload, now)
    change = await changes.propose(PayloadType.CARD, payload, by_ada)
    signed = [signed_card(card, root_key(ministry.station.data))]
    with pytest.raises(InvalidDocumentError) as caught:
        await changes.publish(change.row.sha256, signed)
    assert caught.value.code == "approval-missing"
    for person, code in ((ADA, "same-officer"), (EVE, "approval-missing")):
        with pytest.raises(InvalidDocumentError) as caught:
            await changes.approve(
                change.row.sha256, word(person, ApprovalAct.APPROVE, who, PayloadType.CARD, payload, now)
            )
        assert caught.value.code == code
    other = form.encode_card(next_card(ministry.authority, ministry.now + 1))
    with pytest.raises(InvalidDocumentError) as caught:
        await changes.approve(
            change.row.sha256, word(BEN, ApprovalAct.APPROVE, who, PayloadType.CARD, other, now)
        )
    assert caught.value.code == "approval-missing"
    by_ben = word(BEN, ApprovalAct.APPROVE, who, PayloadType.CARD, payload, now)
    await changes.approve(change.row.sha256, by_ben)
    with pytest.raises(InvalidDocumentError):
        await changes.publish(change.row.sha256, [signed_card(card, fresh_root_key())])
    published = await changes.publish(change.row.sha256, signed)
    assert published.row.state == "PUBLISHED"
    assert await changes.publish(change.row.sha256, signed) == published
    assert ministry.newest(KeyUse.SEAL) == key.kid
    house.audits_are_whole()


async def test_an_approved_change_does_not_publish_another_one(house: House) -> None:
    ministry, changes, now = house.recipient, house.recipient.station.changes, house.recipient.now
    cards = [next_card(ministry.authority, now), next_card(ministry.authority, now + 1)]
    approved = []
    for card in cards:
        payload = form.encode_card(card)
        by_ada, by_ben = (
            word(person, act, RECIPIENT, PayloadType.CARD, payload, now)
            for person, act in ((ADA, ApprovalAct.PROPOSE), (BEN, ApprovalAct.APPROVE))
        )
        change = await changes.propose(PayloadType.CARD, payload, by_ada)
        approved.append(await changes.approve(change.row.sha256, by_ben))
    with pytest.raises(InvalidDocumentError) as caught:
        await changes.publish(
            approved[0].row.sha256, [signed_card(cards[1], root_key(ministry.station.data))]
        )
    assert caught.value.code == "invalid-document"
    assert {changes.one(each.row.sha256).row.state for each in approved} == {"PROPOSED"}


async def test_what_was_published_survives_a_crash_before_the_file_is_written(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    station = house.recipient.station
    before = own_file(station.data).read_bytes()

    def full(export: bytes) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(station, "write_file", full)
        key = await house.recipient.add_key(FileUse.SEAL)
    assert own_file(station.data).read_bytes() == before
    published = house.recipient.authority.documents
    assert own_authority(station.data).documents == published
    await station.restart()
    assert house.recipient.newest(KeyUse.SEAL) == key.kid
    await station.own.start()
    assert own_file(station.data).read_bytes() == encode_export(published)
    house.audits_are_whole()


@pytest.mark.parametrize("left", [None, b"", b'{"v":1'], ids=["nothing", "an empty file", "half a file"])
async def test_a_copy_of_the_documents_that_is_gone_or_damaged_is_written_again(
    house: House, left: bytes | None
) -> None:
    station = house.recipient.station
    copy = own_file(station.data)
    whole = copy.read_bytes()
    if left is None:
        shutil.rmtree(copy.parent)
    else:
        copy.write_bytes(left)
    await station.restart()
    await station.own.start()
    assert copy.read_bytes() == whole


@pytest.mark.parametrize("fate", list(Fate))
async def test_a_publication_that_fails_at_its_commit_is_whole_or_not_there(house: House, fate: Fate) -> None:
    station = house.recipient.station
    key = new_key(station.data, FileUse.SEAL, house.recipient.now)
    card = next_card(
        house.recipient.authority, house.recipient.now, listed(key, house.recipient.now - 60, 300)
    )
    change = await house.recipient.propose(PayloadType.CARD, form.encode_card(card))
    signed = [signed_card(card, root_key(station.data))]
    station.on_commit = lambda: fate
    with pytest.raises(Exception, match="storage failed"):
        await station.changes.publish(change.row.sha256, signed)
    station.on_commit = lambda: None
    await station.restart()
    await station.changes.publish(change.row.sha256, signed)
    assert house.recipient.newest(KeyUse.SEAL) == key.kid
    house.audits_are_whole()


# --- freeze, silence ---


async def test_a_frozen_authority_gets_and_gives_nothing_until_its_next_root(house: House) -> None:
    pid = await house.hand_in()
    await house.recipient.revoke(None)
    await house.refresh()
    assert await house.deliver() == ["frozen"]
    with pytest.raises(InvalidDocumentError) as caught:
        await house.hand_in()
    assert caught.value.code == "frozen"
    assert house.recipient.station.accepted == []
    key = fresh_root_key()
    ministry = house.recipient
    root = next_root(ministry.authority, ministry.now, key)
    card = next_card(ministry.authority, ministry.now, root_version=root.version)
    await ministry.publish_root(root, card, key)
    assert not ministry.authority.frozen
    assert await house.refresh()
    assert await house.deliver() == []
    assert house.state(pid) is LegState.ACCEPTED
    house.audits_are_whole()


async def test_packages_wait_for_a_peer_that_has_been_silent_for_a_week_and_acknowledgements_do_not(
    house: House,
) -> None:
    incoming = await house.hand_in()
    assert await house.deliver() == []
    await house.recipient.station.open()
    house.clock.moved_by += 8 * DAY
    waiting = await house.hand_in()  # taken from the officer, and queued
    assert await house.deliver() == ["stale-peer"]
    leg = house.sender.station.store.read.sent(waiting)
    assert leg is not None
    await house.recipient.station.deliver(SENDER)  # the recipient finds the sender as silent
    assert house.state(incoming) is LegState.CONSIGNED
    await house.recipient.station.upkeep.sign_status()
    assert await house.refresh()
    assert await house.deliver() == []
    assert house.state(waiting) is LegState.ACCEPTED


async def test_warnings_are_given_once_for_each_threshold(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    station = house.sender.station

    async def warned() -> set[tuple[str, str]]:
        caplog.clear()
        await station.upkeep.warn()
        return {
            (record.__dict__["authority"], record.__dict__["what"])
            for record in caplog.records
            if record.message == "ends soon"
        }

    assert await warned() == set()
    cards = {(SENDER, "card"), (RECIPIENT, "card")}
    house.clock.moved_by = (399 - 59.5) * DAY
    found = await warned()
    assert cards <= found
    assert await warned() == set()
    await station.restart()
    assert await warned() == set()
    house.clock.moved_by = (399 - 29.5) * DAY
    assert cards <= await warned()


async def test_ping_keeps_what_it_showed(house: House) -> None:
    station = house.sender.station
    await station.ping.ping(house.recipient.authority)
    row = station.store.read.ping(RECIPIENT)
    assert row is not None
    assert (row.difference, row.card_version, row.failed_code) == (0, 1, None)
