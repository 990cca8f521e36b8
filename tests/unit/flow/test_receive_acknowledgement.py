"""Acknowledgements that peers push: verified, kept once, and the leg moves by them and by nothing else."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from itertools import permutations
from pathlib import Path

import pytest

from emla.flow.documents.take_documents import TakeDocuments
from emla.flow.line.receive_acknowledgement import ReceiveAcknowledgement
from emla.flow.news import News
from emla.formats.acknowledgement import encode_bundle
from emla.formats.export import encode_export
from emla.ledger.leaf import LeafKind
from emla.model.acknowledgement import Bundle, Event
from emla.model.errors import InvalidAcknowledgementError, StoreError
from emla.model.leg import LegKind, LegState
from emla.steps.acknowledge import acknowledge
from tests.support.acknowledging import record
from tests.support.authorities import NOW, Party, party
from tests.support.gateways import Home, acknowledgement_id_of, answer_of, opened
from tests.support.packages import package_of, send
from tests.support.standing import revoke, revoking

AT, DE, HK = party("at.moj"), party("de.bfj"), party("hk.doj")
PACKAGE = package_of(AT, DE)


@dataclass
class Post:
    """AT's gateway, which sent one package to DE."""

    home: Home
    receive: ReceiveAcknowledgement
    contacts: list[str]

    async def push(self, bundle: bytes) -> None:
        await self.receive(acknowledgement_id_of(bundle), bundle)

    def state(self) -> LegState:
        leg = self.home.store.read.leg_of(LegKind.PACKAGE, PACKAGE.pid)
        assert leg is not None
        return leg.state

    async def refused(self, bundle: bytes, aid: bytes | None = None, **kept: int) -> str:
        """Push what must be refused; its code. `kept` are the only rows that it leaves."""
        before = self.home.contents()
        state = self.state()
        with pytest.raises(InvalidAcknowledgementError) as caught:
            await self.receive(aid or acknowledgement_id_of(bundle), bundle)
        after = self.home.contents()
        assert {name: after[name] - before.get(name, 0) for name in after} == {
            name: kept.get(name, 0) for name in after
        }
        assert self.state() is state
        return caught.value.code


@pytest.fixture
async def post(tmp_path: Path) -> AsyncIterator[Post]:
    async with opened(tmp_path, AT, DE, HK) as home:
        await home.store.write(partial(send, sender=AT, recipient=DE, number=1))
        contacts: list[str] = []
        yield Post(home, ReceiveAcknowledgement(home.gateway, News(), contacts.append), contacts)


def said(event: Event, reason: str | None = None, at: int = NOW + 20) -> bytes:
    return answer_of(DE, PACKAGE.subject, event, reason=reason, at=at)


LATER = (
    said(Event.RELAY_ACCEPTANCE),
    said(Event.CONTENT_CONSIGNMENT),
    said(Event.CONTENT_HANDOVER),
)


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_in_any_order_the_leg_ends_handed(post: Post, order: tuple[int, ...]) -> None:
    for number in order:
        await post.push(LATER[number])
    assert post.state() is LegState.HANDED
    assert post.home.count("acknowledgement") == 4
    assert post.home.count("leaf") == 5
    assert post.contacts == [DE.id] * 3


async def test_a_repeat_is_a_success_and_changes_nothing(post: Post) -> None:
    await post.push(LATER[0])
    before = post.home.contents()
    await post.push(LATER[0])
    assert post.home.contents() == before


async def test_a_second_different_one_of_an_event_is_refused_and_the_first_stands(post: Post) -> None:
    await post.push(LATER[0])
    second = said(Event.RELAY_ACCEPTANCE, at=NOW + 21)
    code = await post.refused(second, contradiction=1, leaf=1, checkpoint=1)
    assert code == "acknowledgement-mismatch"
    assert await post.refused(second) == "acknowledgement-mismatch"
    (proof,) = post.home.store.read.contradictions(PACKAGE.pid)
    assert (proof.bundle, proof.by, proof.event) == (second, DE.id, Event.RELAY_ACCEPTANCE)
    assert post.home.store.read.proof_counts(DE.id) == (0, 1, 0)
    assert post.home.store.read.bundle(PACKAGE.pid, Event.RELAY_ACCEPTANCE) == LATER[0]


async def test_a_rejection_ends_the_leg_and_a_late_acceptance_supersedes_it(post: Post) -> None:
    await post.push(said(Event.RELAY_REJECTION, "expired"))
    assert post.state() is LegState.REJECTED
    await post.push(LATER[0])
    assert post.state() is LegState.ACCEPTED


async def test_about_a_package_never_sent_it_is_refused(post: Post) -> None:
    never = package_of(AT, DE, 7)
    bundle = answer_of(DE, never.subject, Event.RELAY_ACCEPTANCE)
    assert await post.refused(bundle, doubtful=1) == "unknown-package"
    assert await post.refused(bundle) == "unknown-package"


def signed_by(signatory: Party, by: Party, event: Event = Event.RELAY_ACCEPTANCE) -> Bundle:
    issued = acknowledge(
        event, PACKAGE.subject, by=by.id, card=by.card, at=NOW + 20, signer=signatory.sign, reason=None
    )
    return record(by, issued.signed)


async def test_of_somebody_who_is_not_the_recipient_it_is_refused(post: Post) -> None:
    assert await post.refused(encode_bundle(signed_by(HK, HK)), doubtful=1) == "acknowledgement-mismatch"
    assert await post.refused(encode_bundle(signed_by(HK, DE))) == "bad-signature"


async def test_a_strangers_is_refused(post: Post) -> None:
    stranger = party("fr.moj")
    assert await post.refused(encode_bundle(signed_by(stranger, stranger))) == "unknown-package"


async def test_our_own_events_cannot_be_pushed_at_us(post: Post) -> None:
    own = acknowledge(
        Event.RELAY_FAILURE,
        PACKAGE.subject,
        by=AT.id,
        card=AT.card,
        at=NOW + 20,
        signer=AT.sign,
        reason="expired",
    )
    assert await post.refused(encode_bundle(record(AT, own.signed))) == "unknown-package"
    assert (
        await post.refused(encode_bundle(signed_by(DE, AT, Event.SUBMISSION_ACCEPTANCE))) == "unknown-package"
    )


async def test_without_a_proof_that_fits_it_is_refused(post: Post) -> None:
    honest = signed_by(DE, DE)
    wrong_kind = record(DE, honest.signed, kind=LeafKind.EVENT)
    assert await post.refused(encode_bundle(wrong_kind), doubtful=1) == "proof-mismatch"
    foreign = record(HK, honest.signed)
    assert await post.refused(encode_bundle(foreign), doubtful=1) in (
        "proof-mismatch",
        "bad-signature",
        "acknowledgement-mismatch",
    )


async def test_under_another_url_it_is_refused(post: Post) -> None:
    assert await post.refused(LATER[0], aid=bytes(32)) == "malformed"
    assert post.contacts == []


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"\xff" * 100, LATER[0][:-1], LATER[0] + b" "])
async def test_what_is_no_bundle_is_refused(post: Post, data: bytes) -> None:
    assert await post.refused(data, aid=bytes(32)) == "malformed"


async def test_below_the_disk_floor_acknowledgements_and_documents_are_still_taken(tmp_path: Path) -> None:
    async with opened(tmp_path, AT, DE, floor_bytes=2**60) as home:
        await home.store.write(partial(send, sender=AT, recipient=DE, number=1))
        await home.store.write(lambda each: each.put_peer(home.gateway.directory.peers[DE.id].row))
        post = Post(home, ReceiveAcknowledgement(home.gateway, News(), lambda _: None), [])
        with pytest.raises(StoreError):
            home.gateway.require_space(0)
        await post.push(said(Event.RELAY_ACCEPTANCE))
        assert post.state() is LegState.ACCEPTED
        newer: list[str] = []

        async def on_news(peer: str) -> None:
            newer.append(peer)

        # Deny is cheap: a revocation gets in however full the disk is.
        documents = encode_export(revoking(DE, revoke(DE, DE.sign.kid)).documents)
        assert await TakeDocuments(home.gateway, on_news)(DE.id, documents, fetched=False)
        assert newer == [DE.id]
        assert home.gateway.directory.peers[DE.id].authority.revoked(DE.sign.kid)
