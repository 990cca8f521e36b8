"""What we published after a backup comes back from our peers before anything is signed; what was lost is known as lost."""

from dataclasses import replace
from pathlib import Path

import pytest

from emla.bootstrap.audit import verify_ledger
from emla.bootstrap.doctor import _keys_here
from emla.bootstrap.own import own_authority
from emla.bootstrap.restored import Restored, is_restored, write_marker
from emla.flow.channel.ledger_watch import BEHIND
from emla.flow.documents.own import SETTLING_SECONDS
from emla.flow.documents.profile import ChangeProfile
from emla.formats.documents import encode_card
from emla.formats.export import decode_export, encode_export
from emla.formats.profile_members import members_of
from emla.keyring.files import FileUse
from emla.model.documents import Authority, KeyUse
from emla.model.errors import ConfigurationError, InvalidDocumentError, TransportError
from emla.model.leg import InboxState, LegState
from emla.model.signed import PayloadType
from emla.ports.transport import Refusal
from emla.steps.next_card import CardPlan, next_card, overlap_ends
from tests.support.ceremony import listed, new_key, root_key, signed_card
from tests.support.ceremony import next_card as next_card_of
from tests.support.folders import make_folder
from tests.support.in_process import InlineOpener, Station
from tests.support.key_house import RECIPIENT, SENDER
from tests.support.restored import (
    Exchange,
    closed,
    exchange,
    line_of,
    own_checkpoints,
    shown_checkpoints,
    state,
)

USES = (FileUse.SIGN, FileUse.SEAL)


async def rotated_after_the_backup(both: Exchange) -> tuple[str, ...]:
    """A backup, then new keys that the peer hears of, then the backup in the place of it all; the ids of what was lost."""
    await both.there()
    await both.copy()
    made = [await both.house.recipient.add_key(use) for use in USES]
    assert await both.peer.refresh.fetch(RECIPIENT)
    await both.restore()
    assert both.house.recipient.authority.card.version == 1
    return tuple(each.kid for each in made)


async def test_what_we_published_after_the_backup_comes_back_and_an_older_key_that_is_here_signs(
    tmp_path: Path,
) -> None:
    async with exchange(tmp_path) as both:
        former = both.house.recipient.newest(KeyUse.SIGN)
        lost = await rotated_after_the_backup(both)
        assert await both.victim.recall()
        there = both.peer.gateway.directory.peers[RECIPIENT].authority.documents
        identity = both.victim.gateway.identity
        assert (identity.authority.card.version, identity.authority.documents) == (3, there)
        assert identity.absent == set(lost)
        assert identity.signer.kid == former
        assert not await both.victim.recall()
        await both.victim.restart()
        assert both.victim.gateway.identity.absent == set(lost)
        assert own_authority(both.victim.data).card.version == 3
        assert verify_ledger(both.victim.data).problems == ()


async def test_what_is_sealed_to_a_lost_key_is_not_accepted(tmp_path: Path) -> None:
    async with exchange(tmp_path) as both:
        await rotated_after_the_backup(both)
        await both.victim.recall()
        pid = await both.house.hand_in()
        assert await both.house.deliver() == ["unknown-kid"]
        assert both.victim.store.read.received(pid) is None


@pytest.mark.parametrize("marked", [True, False])
async def test_nothing_is_signed_over_what_is_out_of_date(tmp_path: Path, *, marked: bool) -> None:
    """Marked as restored, it asks first of all; if somebody put the copy there and said nothing, as soon as a peer says more."""
    async with exchange(tmp_path) as both:
        await rotated_after_the_backup(both)
        if marked:
            write_marker(both.victim.data, Restored(at=1, backup_at=1, checkpoint=""))
        await line_of(both.victim).ask_first(both.victim.own)
        assert closed(both.victim).code == BEHIND
        known = both.peer.gateway.directory.peers[RECIPIENT].authority
        assert both.house.recipient.authority.documents == known.documents
        assert not await both.peer.refresh.fetch(RECIPIENT), "it is no rollback to anybody"
        notes = shown_checkpoints(both.peer, RECIPIENT) | own_checkpoints(both.victim)
        assert len({(origin, size) for origin, size, _ in notes}) == len(notes)
        assert is_restored(both.victim.data) == marked


async def test_a_later_card_alone_tells_that_a_copy_lags(tmp_path: Path) -> None:
    """Copied between approval and publication: the status that came with the card shows the ledger before it; no leaf tells."""
    async with exchange(tmp_path) as both:
        ministry = both.house.recipient
        await ministry.add_key(FileUse.SEAL)
        await both.there()
        key = listed(new_key(both.victim.data, FileUse.SIGN, ministry.now), ministry.now - 60, 300)
        card = next_card_of(ministry.authority, ministry.now, key)
        change = await ministry.propose(PayloadType.CARD, encode_card(card))
        await both.copy()
        await ministry.station.changes.publish(
            change.row.sha256, [signed_card(card, root_key(both.victim.data))]
        )
        assert await both.peer.refresh.fetch(RECIPIENT)
        await both.restore()
        await both.victim.rounds.at_start()
        assert both.victim.store.read.closed() is None, "its leaves tell nothing"
        await line_of(both.victim).ask_first(both.victim.own)
        assert closed(both.victim).code == BEHIND
        assert both.house.recipient.authority.card.version == 3


async def test_a_profile_that_was_lost_comes_back_before_the_next_card_is_published(tmp_path: Path) -> None:
    """Nobody marked the copy, its card is the newest, and no peer has seen the leaf of the profile: the profile alone tells."""
    async with exchange(tmp_path) as both:
        await both.there()
        await both.copy()
        change = ChangeProfile(both.victim.gateway, both.victim.own, both.victim.keys)
        members = members_of(both.house.recipient.authority.profile)
        await change(members | {"office_hours": "day and night"}, 1)
        assert await both.peer.refresh.fetch(RECIPIENT)
        await both.restore()
        await line_of(both.victim).ask_first(both.victim.own)
        assert closed(both.victim).code == BEHIND
        assert both.house.recipient.authority.profile.office_hours == "day and night"
        await both.recover()
        assert await both.peer.refresh.fetch(RECIPIENT), "no rollback to anybody"


async def test_a_revocation_that_was_lost_comes_back_where_the_ledger_is_behind(tmp_path: Path) -> None:
    """Nobody marked the copy, and neither card nor profile has changed since."""
    async with exchange(tmp_path) as both:
        await both.there()
        await both.copy()
        stolen = both.house.recipient.newest(KeyUse.SEAL)
        await both.house.recipient.revoke(stolen)
        assert await both.peer.refresh.fetch(RECIPIENT)
        await both.both_ask()  # as every hour: the peer hears of the leaf that the revocation has
        await both.restore()
        assert both.house.recipient.authority.revoked(stolen) is None
        await line_of(both.victim).ask_first(both.victim.own)
        assert both.house.recipient.authority.revoked(stolen) is not None


async def replaced(both: Exchange) -> str:
    """What `emla ledger recover` proposes: the next epoch, new keys, and the end of what was lost; the new sign key."""
    both.house.clock.moved_by += 2
    ministry = both.house.recipient
    now, own = ministry.now, ministry.authority
    keys = [new_key(both.victim.data, use, now) for use in (FileUse.LEDGER, *USES)]
    plan = CardPlan(
        add=[listed(each, now, 300) for each in keys],
        ends=overlap_ends(own, KeyUse.LEDGER, now, 0)
        | dict.fromkeys(both.victim.gateway.identity.absent, now),
        begins_epoch=True,
    )
    await ministry.publish_card(next_card(own, plan, now=now, life_seconds=86400))
    return keys[1].kid


async def test_the_card_that_begins_the_next_epoch_replaces_what_was_lost(tmp_path: Path) -> None:
    async with exchange(tmp_path) as both:
        await rotated_after_the_backup(both)
        await line_of(both.victim).ask_first(both.victim.own)
        signing = await replaced(both)
        assert both.victim.store.read.closed() is None
        both.house.clock.moved_by += SETTLING_SECONDS
        both.victim.own.turn()
        assert both.victim.gateway.identity.signer.kid == signing
        assert await both.peer.refresh.fetch(RECIPIENT)
        both.house.clock.moved_by += 2
        await both.there()
        await both.here()
        both.house.audits_are_whole()


async def test_what_was_sealed_to_a_lost_key_comes_back_and_says_that_it_cannot_be_opened(
    tmp_path: Path,
) -> None:
    async with exchange(tmp_path) as both:
        await both.copy()
        await both.house.recipient.add_key(FileUse.SEAL)
        assert await both.peer.refresh.fetch(RECIPIENT)
        pid = await both.there()
        await both.restore()
        await line_of(both.victim).ask_first(both.victim.own)
        await replaced(both)
        assert await both.peer.refresh.fetch(RECIPIENT)
        for _ in range(2):
            await both.both_ask()
        assert both.victim.store.read.received(pid) is not None
        await both.victim.open()
        row = both.victim.store.read.received(pid)
        assert row is not None
        assert (row.state, row.code) == (InboxState.ACCEPTED, "unknown-kid"), "nothing bad is said of it"
        await both.victim.deliver(SENDER)
        assert state(both.peer, pid) is LegState.CONSIGNED


async def test_a_later_epoch_of_ours_is_not_signed_again(tmp_path: Path) -> None:
    async with exchange(tmp_path) as both:
        await both.there()
        await both.copy()
        await both.there()
        await both.restore()
        await both.victim.rounds.at_start()
        await both.recover()
        both.house.clock.moved_by += 2
        assert await both.peer.refresh.fetch(RECIPIENT)
        await both.there()
        await both.restore()  # the same old backup, a second time
        assert not await both.victim.recall()
        await both.victim.rounds.at_start()
        assert closed(both.victim).code == BEHIND
        assert max(row.epoch for row in both.victim.store.read.seen(RECIPIENT)) == 2
        with pytest.raises(InvalidDocumentError, match=r"after 2 comes 3"):
            await both.recover()
        await both.recover(epoch_above=2, version_above=5)
        assert both.house.recipient.authority.card.epoch == 3


async def test_a_marked_folder_asks_though_no_status_names_a_later_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with exchange(tmp_path) as both:
        await rotated_after_the_backup(both)
        write_marker(both.victim.data, Restored(at=1, backup_at=1, checkpoint=""))

        async def nobody_answers() -> None:
            """A hub answers no statuses, and gives documents."""

        monkeypatch.setattr(both.victim.rounds, "at_start", nobody_answers)
        await line_of(both.victim).ask_first(both.victim.own)
        assert both.house.recipient.authority.card.version == 3


async def test_a_later_card_alone_closes_the_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with exchange(tmp_path) as both:
        await rotated_after_the_backup(both)
        bare = replace(both.peer.gateway.directory.peers[RECIPIENT].authority.documents, status=None)
        monkeypatch.setattr(both.victim.recall, "_transport", Lying(encode_export(bare)))
        with_status = both.victim.gateway.identity
        without = replace(
            with_status.authority,
            status=None,
            documents=replace(with_status.authority.documents, status=None),
        )
        both.victim.gateway.identity = replace(with_status, authority=without)
        assert await both.victim.recall()
        assert closed(both.victim).code == BEHIND
        assert closed(both.victim).proof == bare.card


async def test_a_card_does_not_promise_a_lost_key_for_longer(tmp_path: Path) -> None:
    async with exchange(tmp_path) as both:
        lost = await rotated_after_the_backup(both)
        await both.victim.recall()
        ministry = both.house.recipient
        (key,) = (each for each in ministry.authority.card.keys if each.kid == lost[1])
        plan = CardPlan(ends={key.kid: key.not_after + 1})
        with pytest.raises(ConfigurationError, match=key.kid):
            await ministry.publish_card(
                next_card(ministry.authority, plan, now=ministry.now, life_seconds=86400)
            )
        plan = CardPlan(ends={key.kid: key.not_after - 1})
        await ministry.publish_card(next_card(ministry.authority, plan, now=ministry.now, life_seconds=86400))


class Lying:
    """A line to a peer that answers something else."""

    def __init__(self, answer: bytes | Refusal | None) -> None:
        self.answer = answer

    async def get_documents_of(self, peer: Authority, authority: str) -> bytes | Refusal:
        if self.answer is None:
            raise TransportError("peer-unreachable")
        return self.answer


async def test_nothing_is_taken_that_we_have_not_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with exchange(tmp_path) as both:
        older = encode_export(both.house.recipient.authority.documents)
        await both.house.recipient.add_key(FileUse.SEAL)
        theirs = both.house.sender.authority.documents
        ours = both.house.recipient.authority.documents
        for answer in (
            None,
            Refusal(code="not-found"),
            b"",
            b"{}",
            older,
            encode_export(theirs),
            encode_export(replace(ours, card=theirs.card)),
            encode_export(replace(decode_export(older), roots=theirs.roots)),
        ):
            monkeypatch.setattr(both.victim.recall, "_transport", Lying(answer))
            assert not await both.victim.recall()
            assert both.house.recipient.authority.documents == ours
        assert both.victim.gateway.identity.absent == frozenset()
        assert SENDER in both.victim.gateway.directory.peers


async def test_the_doctor_names_what_was_lost(tmp_path: Path) -> None:
    async with exchange(tmp_path) as both:
        lost = await rotated_after_the_backup(both)
        assert list(_keys_here(both.victim.data, both.house.recipient.now)) == []
        await both.victim.recall()
        found = [each.found for each in _keys_here(both.victim.data, both.house.recipient.now)]
        assert [kid for kid in lost if any(kid in each for each in found)] == list(lost)
        assert len(found) == len(lost)


async def test_what_a_status_among_documents_shows_of_a_ledger_is_shown_to_its_owner(tmp_path: Path) -> None:
    """No package need have gone since: a card that was published has a leaf, and the status that named it a checkpoint."""
    async with exchange(tmp_path) as both:
        before = max((row.size for row in both.peer.store.read.seen(RECIPIENT)), default=0)
        await both.house.recipient.add_key(FileUse.SEAL)
        both.house.clock.moved_by += 90_000
        await both.victim.upkeep.sign_status()
        assert await both.peer.refresh.fetch(RECIPIENT)
        assert max(row.size for row in both.peer.store.read.seen(RECIPIENT)) > before


async def test_another_root_under_our_name_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody has made an authority of the same name, with a ledger, and a peer believes it."""
    async with exchange(tmp_path) as both:
        make_folder(tmp_path / "other", RECIPIENT)
        other = Station(
            tmp_path / "other", both.victim._line, both.house.clock, InlineOpener(tmp_path / "other")
        )
        other.start()
        await other.own.start()
        await other.own.adopt(lambda documents: documents)
        forged = other.gateway.identity.authority
        await other.close()
        assert forged.status is not None
        assert forged.status.checkpoint
        ours = both.house.recipient.authority.documents
        monkeypatch.setattr(both.victim.recall, "_transport", Lying(encode_export(forged.documents)))
        assert not await both.victim.recall()
        assert both.house.recipient.authority.documents == ours
        assert both.victim.store.read.closed() is None
