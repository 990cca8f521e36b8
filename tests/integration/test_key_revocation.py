"""A revoked key between two ministries: what waits is sealed anew, nothing arrives twice, nothing signed is believed."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from emla.formats.export import encode_export
from emla.formats.header import decode, decode_signed
from emla.keyring.files import FileUse
from emla.model.acknowledgement import Event
from emla.model.documents import KeyUse
from emla.model.errors import InvalidDocumentError
from emla.model.leg import LegState
from emla.model.package import Header
from tests.support.ceremony import revocation_of, root_key
from tests.support.faulty_store import Fate
from tests.support.in_process import DirectLine
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


async def test_packages_that_wait_are_sealed_anew_when_the_recipient_revokes_its_key(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = house.recipient.newest(KeyUse.SEAL)
    pid = await house.hand_in()
    await house.recipient.revoke(old)
    await house.refresh()
    assert house.state(pid) is LegState.READY
    # Without another key it waits, and is not shown to whoever stole the old one.
    with monkeypatch.context() as patch:
        patch.setattr(house.sender.station._line, "send_package", lambda *_: pytest.fail("sent"))
        assert await house.deliver() == ["unknown-kid"]
    new = await house.recipient.add_key(FileUse.SEAL)
    await house.refresh()
    assert house.state(pid) is LegState.REPLACED
    newer = successor(house, pid)
    before, after = header_of(house, pid), header_of(house, newer)
    assert (after.kid, after.replaces, after.payload) == (new.kid, pid, before.payload)
    assert after.expires == before.expires
    assert (after.seq, after.prev) == (before.seq + 1, pid)
    assert await house.deliver() == []
    await house.settle()
    assert house.state(newer) is LegState.CONSIGNED
    assert house.recipient.station.accepted == [newer]
    sent = house.sender.station.store.read.sent_by_message((1).to_bytes(16, "big"))
    assert sent is not None
    assert sent.pid == newer
    assert await house.sender.station.reseal(RECIPIENT) == 0
    house.audits_are_whole()


async def test_a_package_accepted_while_its_successor_is_on_its_way_is_delivered_once(house: House) -> None:
    old = house.recipient.newest(KeyUse.SEAL)
    pid = await house.hand_in()
    # It arrives, and the answer is lost.
    station = house.sender.station
    row = station.store.read.sent(pid)
    assert row is not None
    payload = station.gateway.payload(row.payload_sha256)
    line = DirectLine(lambda authority: house.recipient.station)
    await line.send_package(house.recipient.authority, pid, row.signed, payload, row.payload_size)
    await house.recipient.add_key(FileUse.SEAL)
    await house.recipient.revoke(old)
    await house.refresh()
    newer = successor(house, pid)
    assert await house.deliver() == []
    assert house.state(newer) is LegState.REJECTED
    bundle = station.store.read.acknowledgements(newer)[-1]
    assert (bundle.event, bundle.reason) == (Event.RELAY_REJECTION, "already-held")
    # The first one is asked for again: its RelayAcceptance comes, and with it the whole story.
    assert house.state(pid) is LegState.READY
    assert await house.deliver() == []
    await house.settle()
    assert house.state(pid) is LegState.CONSIGNED
    assert house.recipient.station.accepted == [pid]
    house.audits_are_whole()


async def test_a_late_acceptance_of_the_replaced_package_counts(house: House) -> None:
    old = house.recipient.newest(KeyUse.SEAL)
    pid = await house.hand_in()
    station = house.sender.station
    row = station.store.read.sent(pid)
    assert row is not None
    payload = station.gateway.payload(row.payload_sha256)
    line = DirectLine(lambda authority: house.recipient.station)
    await line.send_package(house.recipient.authority, pid, row.signed, payload, row.payload_size)
    await house.recipient.station.open()
    await house.recipient.add_key(FileUse.SEAL)
    await house.recipient.revoke(old)
    await house.refresh()
    assert house.state(pid) is LegState.REPLACED
    await house.recipient.station.deliver(SENDER)  # its ContentConsignment overtook everything
    assert house.state(pid) is LegState.CONSIGNED
    assert await house.deliver() == []
    assert house.state(successor(house, pid)) is LegState.REJECTED
    # No leg asks for its RelayAcceptance any more; the next status does, once.
    asked = await house.sender.station.channels.exchange(RECIPIENT)
    assert asked is not None
    await house.recipient.station.settle_heard()
    events = {each.event for each in station.store.read.acknowledgements(pid)}
    assert {Event.RELAY_ACCEPTANCE, Event.CONTENT_CONSIGNMENT} <= events
    assert station.store.read.unanswered(RECIPIENT, bytes(32), 9) == []
    house.audits_are_whole()


@pytest.mark.parametrize("fate", list(Fate))
async def test_sealing_anew_that_fails_at_its_commit_happens_once_after_the_restart(
    house: House, fate: Fate
) -> None:
    old = house.recipient.newest(KeyUse.SEAL)
    pid = await house.hand_in()
    await house.recipient.add_key(FileUse.SEAL)
    await house.recipient.revoke(old)
    station, commits = house.sender.station, 0

    def second() -> Fate | None:
        nonlocal commits
        commits += 1
        return fate if commits == 2 else None  # the first keeps the documents

    station.on_commit = second
    with pytest.raises(Exception, match="storage failed"):
        await house.refresh()
    station.on_commit = lambda: None
    await station.restart()
    assert await station.reseal(RECIPIENT) == (1 if fate is Fate.LOST else 0)
    assert house.state(pid) is LegState.REPLACED
    assert await house.deliver() == []
    await house.settle()
    assert house.state(successor(house, pid)) is LegState.CONSIGNED
    assert len(house.recipient.station.accepted) == 1
    house.audits_are_whole()


async def test_what_a_revoked_sign_key_signs_is_refused_and_a_new_key_is_believed(house: House) -> None:
    old = house.sender.newest(KeyUse.SIGN)
    pid = await house.hand_in()
    signed = house.sender.station.store.read.sent_signed(pid)
    await house.sender.revoke(old)
    await house.recipient.station.refresh.fetch(SENDER)
    assert await house.deliver() == ["revoked-key"]
    assert signed == house.sender.station.store.read.sent_signed(pid)
    new = await house.sender.add_key(FileUse.SIGN)
    assert house.sender.station.gateway.identity.signer.kid == new.kid
    await house.recipient.station.refresh.fetch(SENDER)
    again = await house.hand_in()
    await house.deliver()
    assert house.state(again) is LegState.ACCEPTED
    # The profile was signed by the key that is gone: a next version of it is signed by the new one.
    assert house.recipient.station.gateway.directory.peers[SENDER].authority.profile.version == 2
    house.audits_are_whole()


async def test_two_visits_at_once_replace_a_package_once(house: House) -> None:
    old = house.recipient.newest(KeyUse.SEAL)
    pid = await house.hand_in()
    await house.recipient.add_key(FileUse.SEAL)
    await house.recipient.revoke(old)
    station = house.sender.station
    station.take._on_news = nobody_listens
    await house.refresh()
    assert sorted(await asyncio.gather(station.reseal(RECIPIENT), station.reseal(RECIPIENT))) == [0, 1]
    assert house.state(pid) is LegState.REPLACED
    house.audits_are_whole()


async def nobody_listens(peer: str) -> None:
    """News of documents that nobody acts on."""


async def test_a_package_that_is_proved_to_be_there_is_not_replaced_and_only_its_acceptance_is_asked_for(
    house: House,
) -> None:
    old = house.recipient.newest(KeyUse.SEAL)
    pid = await house.hand_in()
    station = house.sender.station
    row = station.store.read.sent(pid)
    assert row is not None
    payload = station.gateway.payload(row.payload_sha256)
    await station._line.send_package(house.recipient.authority, pid, row.signed, payload, row.payload_size)
    await house.settle()  # its ContentConsignment is here; the RelayAcceptance was lost on the way
    assert house.state(pid) is LegState.READY
    await house.recipient.add_key(FileUse.SEAL)
    await house.recipient.revoke(old)
    await house.refresh()
    assert station.store.read.replacement(pid) is None
    assert await house.deliver() == []
    assert house.state(pid) is LegState.CONSIGNED
    house.audits_are_whole()


async def test_what_waits_for_a_key_that_is_not_in_force_yet_is_sealed_anew_when_it_is(house: House) -> None:
    """It begins later, or our clock was a day behind when the documents came: nothing else tells when its time is there."""
    old = house.recipient.newest(KeyUse.SEAL)
    pid = await house.hand_in()
    await house.recipient.add_key(FileUse.SEAL, begins=house.recipient.now + 600)
    await house.recipient.revoke(old)
    await house.refresh()
    station = house.sender.station
    await station.reseal.round()
    assert station.store.read.replacement(pid) is None
    house.clock.moved_by += 700
    await station.reseal.round()
    newer = successor(house, pid)
    assert await house.deliver() == []
    await house.settle()
    assert house.state(newer) is LegState.CONSIGNED


async def test_a_revocation_again_changes_nothing(house: House) -> None:
    ministry = house.recipient
    signed = revocation_of(ministry.authority, root_key(ministry.station.data), None, ministry.now)
    first = await ministry.station.changes.revoke(signed)
    leaves = ministry.station.store.real.ledger_size
    assert await ministry.station.changes.revoke(signed) == first
    assert ministry.station.store.real.ledger_size == leaves


async def test_a_revocation_in_documents_that_are_refused_counts_all_the_same(house: House) -> None:
    ministry, take = house.recipient, house.sender.station.take
    old = ministry.authority
    await ministry.add_key(FileUse.SEAL)
    await house.refresh()
    kid = house.recipient.newest(KeyUse.SEAL)
    revocation = revocation_of(old, root_key(ministry.station.data), kid, ministry.now)
    mixed = replace(old.documents, revocations=(revocation,))
    with pytest.raises(InvalidDocumentError) as caught:
        await take(RECIPIENT, encode_export(mixed), fetched=False)
    assert caught.value.code == "document-rollback"
    known = house.sender.station.gateway.directory.peers[RECIPIENT].authority
    assert known.revoked(kid) is not None
    assert known.card.version == 2
    await house.sender.station.restart()
    assert house.sender.station.gateway.directory.peers[RECIPIENT].authority.revoked(kid) is not None


async def test_a_ledger_key_can_be_revoked_though_it_signed_the_newest_checkpoint(house: House) -> None:
    ministry = house.recipient
    old = ministry.newest(KeyUse.LEDGER)
    await ministry.add_key(FileUse.LEDGER)
    await ministry.revoke(old)
    assert ministry.authority.revoked(old) is not None
    assert await house.refresh()
    pid = await house.hand_in()
    assert await house.deliver() == []
    assert house.state(pid) is LegState.ACCEPTED
    house.audits_are_whole()


async def test_what_a_stolen_key_signed_before_is_believed_when_its_checkpoint_was_seen_here_in_time(
    house: House,
) -> None:
    station, ministry = house.sender.station, house.recipient
    seen, unseen = await house.hand_in(), await house.hand_in()
    for pid in (seen, unseen):
        row = station.store.read.sent(pid)
        assert row is not None
        payload = station.gateway.payload(row.payload_sha256)
        await station._line.send_package(ministry.authority, pid, row.signed, payload, row.payload_size)
        if pid == seen:
            house.clock.moved_by += DAY
            await ministry.station.upkeep.sign_status()  # it bears the checkpoint of that acceptance
            await house.refresh()
    house.clock.moved_by += 60
    await ministry.revoke(ministry.newest(KeyUse.SIGN))
    await house.refresh()
    assert await house.deliver() == ["revoked-key"]
    assert (house.state(seen), house.state(unseen)) == (LegState.ACCEPTED, LegState.READY)
    house.audits_are_whole()


async def test_a_package_accepted_while_its_successor_is_being_made_gets_none(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = await house.hand_in()
    station, loop = house.sender.station, asyncio.get_running_loop()
    row = station.store.read.sent(pid)
    assert row is not None
    payload = station.gateway.payload(row.payload_sha256)
    bundle = await station._line.send_package(
        house.recipient.authority, pid, row.signed, payload, row.payload_size
    )
    assert isinstance(bundle, bytes)
    old = house.recipient.newest(KeyUse.SEAL)
    await house.recipient.add_key(FileUse.SEAL)
    await house.recipient.revoke(old)
    draft = station.reseal._draft

    def overtaken(*given: object) -> Header:
        asyncio.run_coroutine_threadsafe(station.receive(None, bundle), loop).result(30)
        return draft(*given)  # type: ignore[arg-type]  # handed on as it came

    monkeypatch.setattr(station.reseal, "_draft", overtaken)
    await house.refresh()
    assert house.state(pid) is LegState.ACCEPTED
    assert station.store.read.replacement(pid) is None
    house.audits_are_whole()
