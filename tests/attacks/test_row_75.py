"""Row 75. One key officer proposes and approves; approval replayed for other document.

Expected: refused. Here: what the signed words prove, and that a running gateway publishes nothing.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from emla.bootstrap.own import own_authority
from emla.client.client import Client
from emla.formats import documents as form
from emla.model.documents import ApprovalAct, Card
from emla.model.errors import EmlaError, InvalidDocumentError
from emla.model.signed import PayloadType
from emla.steps.approve import verify_change
from tests.support import ceremony
from tests.support.authorities import derived
from tests.support.ceremony import ADA, BEN, Person, next_card, root_key, signed_card
from tests.support.servers import Server, running
from tests.support.standing import approval_by, officer_key, officers_of

pytestmark = pytest.mark.xdist_group("row-75")
PROPOSE, APPROVE = ApprovalAct.PROPOSE, ApprovalAct.APPROVE
OFFICERS = officers_of("at.moj", "Anna", "Ben")
CARD, OTHER = derived("card"), derived("another card")


def verdict(*approvals: bytes, kind: PayloadType = PayloadType.CARD) -> str:
    try:
        verify_change(kind, CARD, approvals, OFFICERS)
    except InvalidDocumentError as error:
        return error.code
    return "success"


def test_two_officers_can() -> None:
    assert verdict(approval_by("Anna", PROPOSE, CARD), approval_by("Ben", APPROVE, CARD)) == "success"


@pytest.mark.parametrize("others", [[], [approval_by("Ben", APPROVE, CARD)]])
def test_one_officer_does_not_act_twice_whoever_else_does(others: list[bytes]) -> None:
    twice = (approval_by("Anna", PROPOSE, CARD), approval_by("Anna", APPROVE, CARD))
    assert verdict(*twice, *others) == "same-officer"
    assert verdict(twice[0], twice[0], *others) == "same-officer"


def test_a_word_about_another_document_is_none_about_this_one() -> None:
    proposal = approval_by("Anna", PROPOSE, CARD)
    assert verdict(proposal, approval_by("Ben", APPROVE, OTHER)) == "approval-missing"
    assert verdict(proposal, approval_by("Ben", APPROVE, CARD, kind=PayloadType.ROOT)) == "approval-missing"
    words = (proposal, approval_by("Ben", APPROVE, CARD))
    assert verdict(*words, kind=PayloadType.ROOT) == "approval-missing"


def test_nobody_lends_a_name() -> None:
    lent = approval_by("Ben", APPROVE, CARD, signer=officer_key("Anna"))
    assert verdict(approval_by("Anna", PROPOSE, CARD), lent) == "bad-signature"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with running(tmp_path, "at.moj") as (one,):
        yield one


def word(person: Person, act: ApprovalAct, kind: PayloadType, payload: bytes) -> bytes:
    return ceremony.word(person, act, "at.moj", kind, payload, int(time.time()))


async def appoint(client: Client) -> None:
    payload = ceremony.officers_of("at.moj", int(time.time()), ADA, BEN)
    change = await client.propose("officers", payload, word(ADA, PROPOSE, PayloadType.OFFICERS, payload))
    await client.approve(change.hash, word(BEN, APPROVE, PayloadType.OFFICERS, payload))
    await client.publish(change.hash)


async def refused(client: Client, card: Card, approval: bytes, server: Server) -> tuple[str, str]:
    """The codes with which an approval and then the publication are refused."""
    payload, codes = form.encode_card(card), []
    sha256 = form.document_hash(payload).hex()
    with pytest.raises(EmlaError) as caught:
        await client.approve(sha256, approval)
    codes.append(caught.value.code)
    with pytest.raises(EmlaError) as caught:
        await client.publish(sha256, signed_card(card, root_key(server.data)))
    return codes[0], caught.value.code


async def test_a_running_gateway_takes_no_second_word_of_one_officer_and_no_replayed_one(
    server: Server,
) -> None:
    authority, now = own_authority(server.data), int(time.time())
    cards = [next_card(authority, now + each) for each in range(2)]
    payloads = [form.encode_card(each) for each in cards]
    async with Client(server.data / "emla.sock") as client:
        await appoint(client)
        for payload in payloads:
            await client.propose("card", payload, word(ADA, PROPOSE, PayloadType.CARD, payload))
        twice = word(ADA, APPROVE, PayloadType.CARD, payloads[0])
        assert await refused(client, cards[0], twice, server) == ("same-officer", "approval-missing")
        replayed = word(BEN, APPROVE, PayloadType.CARD, payloads[1])
        await client.approve(form.document_hash(payloads[1]).hex(), replayed)
        assert await refused(client, cards[0], replayed, server) == ("approval-missing", "approval-missing")
    assert own_authority(server.data).card.version == 1
