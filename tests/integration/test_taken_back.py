"""No card takes back what was signed: not by mistake at home, not by a peer that means to deny it. Real stores and journeys."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from emla.bootstrap.audit import verify_ledger
from emla.flow.documents.peers import ForgetPeer
from emla.formats import documents as form
from emla.formats import dsse
from emla.keyring.files import FileUse
from emla.model.documents import KeyUse
from emla.model.errors import InvalidDocumentError
from emla.model.leg import LegState
from emla.model.signed import PayloadType
from tests.support.ceremony import fresh_root_key, listed, new_key, next_card, root_key, signed_card
from tests.support.folders import make_folder
from tests.support.key_house import RECIPIENT, House, key_house


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with key_house(tmp_path) as made:
        yield made


async def test_a_card_that_ends_a_key_before_it_signed_is_not_published(house: House) -> None:
    """Officers and root take their time, and the key of before goes on signing meanwhile."""
    peer = house.recipient
    before = peer.authority
    key = new_key(peer.station.data, FileUse.SIGN, peer.now)
    ended = tuple(
        replace(each, not_after=peer.now + 600) if each.use is KeyUse.SIGN else each
        for each in before.card.keys
    )
    card = next_card(before, peer.now, keys=(*ended, listed(key, peer.now - 60, 300)))
    change = await peer.propose(PayloadType.CARD, form.encode_card(card))
    house.clock.moved_by += 600
    with pytest.raises(InvalidDocumentError, match="may have signed since"):
        await peer.station.changes.publish(
            change.row.sha256, [signed_card(card, root_key(peer.station.data))]
        )
    with pytest.raises(InvalidDocumentError, match="may have signed since"):  # nor proposed any more
        await peer.propose(PayloadType.CARD, form.encode_card(replace(card, created=peer.now)))
    assert peer.authority == before


async def test_a_peer_whose_card_denies_what_it_signed_takes_nothing_back_that_was_stored(
    house: House,
) -> None:
    """Its own gateway would not publish such a card; one that means to deny what it signed would."""
    house.clock.moved_by += 3600
    pid = await house.hand_in()
    assert await house.deliver() == []
    await house.settle()
    assert house.state(pid) is LegState.CONSIGNED
    peer = house.recipient
    key = new_key(peer.station.data, FileUse.SIGN, peer.now)
    await peer.station.changes._keys.reload()
    ended = tuple(
        replace(each, not_after=peer.authority.profile.created + 1) if each.use is KeyUse.SIGN else each
        for each in peer.authority.card.keys
    )
    card = next_card(peer.authority, peer.now, keys=(*ended, listed(key, peer.now - 60, 300)))
    signed = signed_card(card, root_key(peer.station.data))
    # Another signature under a root makes it no other root.
    (root,) = peer.authority.documents.roots
    said = form.decode_signed(root, PayloadType.ROOT).payload
    more = dsse.sign(PayloadType.ROOT, said, root_key(peer.station.data), fresh_root_key())
    await peer.station.own.adopt(lambda documents: replace(documents, roots=(more,), card=signed))
    assert await house.refresh()
    assert verify_ledger(house.sender.station.data).problems == ()
    # What is not in the ledger is no evidence: without the documents of before, nothing bears the signatures.
    with closing(sqlite3.connect(house.sender.station.data / "emla.db")) as connection, connection:
        newest = connection.execute("SELECT documents FROM peer").fetchone()[0]
        connection.execute("DELETE FROM document WHERE body != ?", (newest,))
    problems = verify_ledger(house.sender.station.data).problems
    assert any("Not signed by a valid key of jp.moj" in each for each in problems), problems


async def test_a_peer_that_lost_its_root_and_is_pinned_anew_has_signed_what_it_signed(
    house: House, tmp_path: Path
) -> None:
    """lost-key.md, E: it begins again under the same name."""
    await house.hand_in()
    assert await house.deliver() == []
    await house.settle()
    sender = house.sender.station
    await ForgetPeer(sender.gateway)(RECIPIENT, force=True)
    assert verify_ledger(sender.data).problems == ()
    make_folder(tmp_path / "anew", RECIPIENT)
    await sender.pin(tmp_path / "anew")
    assert verify_ledger(sender.data).problems == ()
