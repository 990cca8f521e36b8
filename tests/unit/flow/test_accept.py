"""Accept: one package, one acceptance, one acknowledgement; what is refused unsigned leaves nothing at all."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path

import pytest

from emla.flow.line.accept import Answer
from emla.flow.reservations import CALLER
from emla.model.acknowledgement import Event
from emla.model.documents import KeyUse
from emla.model.errors import EmlaError, TransportError
from emla.model.leg import InboxState
from emla.steps.verify_acknowledgement import verify_acknowledgement
from tests.support.authorities import DAY, NOW, Package, Party, Tampering, build, derived, party
from tests.support.gateways import MemorySource
from tests.support.received import AT, DE, HK, Desk, desk, valid_package
from tests.support.standing import revoke, revoking

LARGE = 400_000


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk(tmp_path) as one:
        yield one


async def refused(here: Desk, package: Package, **named: object) -> str:
    """Offer what must be refused unsigned; nothing of it may be left. Return the code."""
    before = here.home.contents()
    with pytest.raises(EmlaError) as caught:
        await here.take(package, **named)  # type: ignore[arg-type]  # handed on as they are
    assert here.home.contents() == before
    return caught.value.code


async def rejected(here: Desk, package: Package) -> str | None:
    """Offer what must be refused with a signed RelayRejection and no other trace. Return its reason."""
    before = here.home.contents()
    answer = await here.take(package)
    assert not answer.accepted
    verified = verify_acknowledgement(answer.bundle, issuer=DE.authority, subject=package.subject)
    assert verified.acknowledgement.event is Event.RELAY_REJECTION
    after = here.home.contents()
    changed = {
        name: after[name] - before.get(name, 0) for name in after if after[name] != before.get(name, 0)
    }
    assert changed == {"acknowledgement": 1, "leaf": 1, "checkpoint": 1}
    return verified.acknowledgement.reason


@pytest.mark.parametrize("size", [5000, LARGE], ids=["row", "file"])
async def test_an_accepted_package_is_durable_with_its_acknowledgement(here: Desk, size: int) -> None:
    package = valid_package(size=size)
    answer = await here.take(package)
    assert answer.accepted
    verified = verify_acknowledgement(answer.bundle, issuer=DE.authority, subject=package.subject)
    assert verified.acknowledgement.event is Event.RELAY_ACCEPTANCE
    row = here.home.store.read.received(package.pid)
    assert row is not None
    assert row.state is InboxState.ACCEPTED
    assert row.inline is (size == 5000)
    stored = here.home.store.read.payload(row.payload_sha256)
    kept = here.home.blobs.path(row.payload_sha256).read_bytes() if stored is None else stored
    assert kept == package.payload
    assert len(here.home.leftovers()) == (0 if row.inline else 1)
    assert here.accepted == [package.pid]
    assert here.contacts == [AT.id]


async def test_a_repeat_gets_the_same_bytes_and_its_payload_is_not_read(here: Desk) -> None:
    package = valid_package()
    first = await here.take(package)
    before = here.home.contents()
    source = here.source(package.payload)
    second = await here.accept(package.pid, package.signed, source)
    assert second == first
    assert source.read_bytes == 0
    assert here.home.contents() == before
    assert here.accepted == [package.pid]


async def test_copies_that_arrive_at_once_become_one(here: Desk) -> None:
    package = valid_package(size=LARGE)
    answers = await asyncio.gather(*(here.take(package) for _ in range(4)), return_exceptions=True)
    accepted = [each for each in answers if not isinstance(each, BaseException)]
    codes = [each.code for each in answers if isinstance(each, EmlaError)]
    assert len(accepted) + len(codes) == 4
    assert accepted
    assert set(codes) <= {"processing"}
    found = here.home.contents()
    assert (found["received"], found["acknowledgement"], found["leaf"]) == (1, 1, 2)
    assert await here.take(package) == accepted[0]


class Dripping:
    """A payload that does not come before it is let."""

    def __init__(self, source: MemorySource) -> None:
        self.size = source.size
        self.begun, self.let = asyncio.Event(), asyncio.Event()
        self._source = source

    async def read_exactly(self, size: int) -> bytes:
        self.begun.set()
        await self.let.wait()
        return await self._source.read_exactly(size)


async def from_address(address: str, offer: Awaitable[Answer]) -> Answer:
    """Offer a package as a call from an address does."""
    CALLER.set(address)
    return await offer


@pytest.mark.parametrize("size", [5000, LARGE], ids=["row", "file"])
async def test_whoever_plays_a_package_back_and_lets_it_drip_holds_up_nobody(here: Desk, size: int) -> None:
    """A hub has header and payload, too; its word that the package is still coming keeps its sender from nothing."""
    package = valid_package(size=size)
    slow = Dripping(here.source(package.payload))
    hub = asyncio.create_task(from_address("192.0.2.9", here.accept(package.pid, package.signed, slow)))
    await slow.begun.wait()
    answer = await asyncio.create_task(from_address("192.0.2.1", here.take(package)))
    assert answer.accepted
    slow.let.set()
    assert await hub == answer
    assert here.accepted == [package.pid]
    found = here.home.contents()
    assert (found["received"], found["acknowledgement"], found["leaf"]) == (1, 1, 2)


async def test_from_one_address_a_package_comes_once_at_a_time(here: Desk) -> None:
    package = valid_package()
    slow = Dripping(here.source(package.payload))
    first = asyncio.create_task(here.accept(package.pid, package.signed, slow))
    await slow.begun.wait()
    with pytest.raises(TransportError) as caught:
        await here.take(package)
    assert caught.value.code == "processing"
    slow.let.set()
    assert (await first).accepted


async def test_a_repeat_that_is_too_late_does_not_reject_what_is_coming_in(here: Desk) -> None:
    """It expired between the two offers; its sender is told that it is being received, and is answered once."""
    package = valid_package()
    here.home.clock.at = float(package.header.expires - 1)
    slow = Dripping(here.source(package.payload))
    first = asyncio.create_task(here.accept(package.pid, package.signed, slow))
    await slow.begun.wait()
    here.home.clock.at = float(package.header.expires + 1)
    with pytest.raises(TransportError) as caught:
        await here.take(package)
    assert caught.value.code == "processing"
    assert here.home.contents() == {}
    slow.let.set()
    answer = await first
    assert answer.accepted
    assert await here.take(package) == answer


@pytest.mark.parametrize("size", [5000, LARGE], ids=["row", "file"])
async def test_what_was_rejected_while_it_came_from_elsewhere_is_not_accepted(here: Desk, size: int) -> None:
    package = valid_package(size=size)
    here.home.clock.at = float(package.header.expires - 1)
    slow = Dripping(here.source(package.payload))
    first = asyncio.create_task(from_address("192.0.2.9", here.accept(package.pid, package.signed, slow)))
    await slow.begun.wait()
    here.home.clock.at = float(package.header.expires + 1)
    answer = await asyncio.create_task(from_address("192.0.2.1", here.take(package)))
    assert not answer.accepted
    slow.let.set()
    assert await first == answer
    assert await here.take(package) == answer
    assert here.accepted == []
    # A large payload is a file without a row then, which a later start sweeps.
    files = {"files": 1} if size == LARGE else {}
    assert here.home.contents() == {"acknowledgement": 1, "leaf": 1, "checkpoint": 1} | files


async def test_what_was_accepted_while_its_rejection_was_signed_is_not_rejected(here: Desk) -> None:
    """Both reach the same batch: the upload that began in time, and the offer that comes too late."""
    package = valid_package()
    here.home.clock.at = float(package.header.expires - 1)
    slow = Dripping(here.source(package.payload))
    first = asyncio.create_task(from_address("192.0.2.9", here.accept(package.pid, package.signed, slow)))
    await slow.begun.wait()
    here.home.clock.at = float(package.header.expires + 1)
    slow.let.set()
    late = asyncio.create_task(from_address("192.0.2.1", here.take(package)))
    answers = await asyncio.gather(first, late)
    assert answers[0] == answers[1]
    (said,) = here.home.store.read.acknowledgements(package.pid)
    assert answers[0].accepted is (said.event is Event.RELAY_ACCEPTANCE)


# --- refused unsigned: no state, no leaf, no acknowledgement ---


@pytest.mark.parametrize("size", [5000, LARGE], ids=["row", "file"])
async def test_a_payload_that_is_damaged_or_short_leaves_nothing(here: Desk, size: int) -> None:
    package = valid_package(size=size)
    damaged = package.payload[:-1] + bytes([package.payload[-1] ^ 1])
    assert await refused(here, package, payload=damaged) == "digest-mismatch"
    full = len(package.payload)
    assert await refused(here, package, payload=package.payload[:-7], size=full) == "digest-mismatch"
    assert await refused(here, package, payload=package.payload[:-7]) == "malformed"
    assert await refused(here, package, payload=package.payload + b"x") == "malformed"
    assert (await here.take(package)).accepted


async def test_a_url_that_names_another_package_is_refused(here: Desk) -> None:
    assert await refused(here, valid_package(), pid=derived("other")) == "malformed"


async def test_a_stranger_is_refused(here: Desk) -> None:
    assert await refused(here, build(HK, DE)) == "unknown-sender"
    assert here.contacts == []


async def test_a_package_for_somebody_else_is_refused(here: Desk) -> None:
    assert await refused(here, build(AT, HK)) == "not-recipient"


async def test_a_package_from_the_future_is_refused(here: Desk) -> None:
    here.home.clock.at = NOW - 400.0
    assert await refused(here, valid_package()) == "clock-skew"


async def test_a_package_sealed_to_no_key_of_ours_is_refused(here: Desk) -> None:
    package = valid_package(tampering=Tampering(header={"stanza": None}))
    assert await refused(here, package) == "malformed"
    here.home.clock.at = NOW + 10.0
    other = party("de.bfj2").seal.kid
    wrong = build(AT, DE, tampering=Tampering(header={"kid": other}))
    assert await refused(here, wrong) in ("unknown-kid", "malformed")


@pytest.mark.parametrize(("kid", "code"), [(AT.sign.kid, "revoked-key"), (None, "frozen")])
async def test_a_revocation_stops_what_is_new_and_a_repeat_gets_its_stored_answer(
    here: Desk, kid: str | None, code: str
) -> None:
    package, later = valid_package(1), valid_package(2)
    first = await here.take(package)
    peer = here.home.gateway.directory.peers[AT.id]
    peer.authority = revoking(AT, revoke(AT, kid))
    assert await here.take(package) == first
    assert await refused(here, later) == code


async def test_below_the_disk_floor_nothing_is_taken_but_repeats_are_answered(tmp_path: Path) -> None:
    package = valid_package(1)
    async with desk(tmp_path) as here:
        first = await here.take(package)
    async with desk(tmp_path, floor_bytes=2**60) as full:
        assert await refused(full, valid_package(2)) == "disk-full"
        assert await full.take(package) == first


# --- refused with a signature ---


async def test_an_expired_package_gets_a_signed_rejection_once(here: Desk) -> None:
    package = valid_package()
    here.home.clock.at = NOW + 61.0 * DAY
    assert await rejected(here, package) == "expired"
    before = here.home.contents()
    again = await here.take(package)
    assert not again.accepted
    assert here.home.contents() == before


def resent(package: Package, *, sender: Party = AT, number: int = 2) -> Package:
    """The sealed bytes of a package under other ids."""
    return build(sender, DE, number=number, tampering=Tampering(payload=lambda _: package.payload))


@pytest.mark.parametrize("size", [5000, LARGE], ids=["row", "file"])
async def test_the_same_sealed_bytes_under_other_ids_are_taken_once(here: Desk, size: int) -> None:
    package = valid_package(size=size)
    assert (await here.take(package)).accepted
    assert await rejected(here, resent(package)) == "already-held"
    assert here.accepted == [package.pid]


async def test_the_same_sealed_bytes_that_come_twice_at_once_are_taken_once(here: Desk) -> None:
    first, second = valid_package(), resent(valid_package())
    answers = await asyncio.gather(here.take(first), here.take(second))
    assert [each.accepted for each in answers] == [True, False]
    assert here.accepted == [first.pid]


async def test_whoever_sends_the_bytes_of_another_first_has_nobody_refused(tmp_path: Path) -> None:
    """Such as a hub that holds them: a RelayRejection cannot be taken back."""
    package = valid_package()
    async with desk(tmp_path, HK) as here:
        assert (await here.take(resent(package, sender=HK, number=1))).accepted
        assert (await here.take(package)).accepted


async def test_a_repeat_gets_the_same_bytes_after_the_key_it_was_sealed_to_has_ended(here: Desk) -> None:
    end = min(key.not_after for key in DE.authority.keys(KeyUse.SEAL))
    late = {"created": end - 3600, "expires": end + 10 * DAY}
    package = build(AT, DE, tampering=Tampering(header=late))
    here.home.clock.at = float(end - 1800)
    first = await here.take(package)
    here.home.clock.at = float(end + DAY)
    assert await here.take(package) == first
