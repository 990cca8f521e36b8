"""Row 54. Valid peer sends 10^6 offers, never uploads.

Expected: quota, reservation TTL, no other peer affected.
"""

import asyncio
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from emla.formats.header import package_id
from emla.formats.strict_json import Json as Document
from tests.attacks.test_row_52 import peak_memory
from tests.support import authorities
from tests.support.attacked import Target, attacked
from tests.support.authorities import Package, Tampering, build
from tests.support.callers import Caller, call, calling, head
from tests.support.calls import metrics
from tests.support.servers import Json

pytestmark = pytest.mark.xdist_group("flood")
LARGE = 900_000
LIMITS: Json = {
    "uploads_per_peer": 3,
    "reserved_bytes_per_peer": 2 * 1024**2,
    "refused_per_minute": 3,
    "unsigned_per_minute": 10,
    "body_seconds": 6,
}


@pytest.fixture
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """A gateway of its own for each test: what one has used up, another one finds used up."""
    with attacked(tmp_path_factory.mktemp("g"), LIMITS) as one:
        yield one


def path_of(package: Package) -> str:
    return f"/emla/1/packages/{package_id(package.header_bytes).hex()}"


def offer_of(package: Package) -> tuple[bytes, bytes]:
    """The beginning of an offer, up to the payload; and the payload."""
    length = 4 + len(package.signed) + len(package.payload)
    front = head("PUT", path_of(package), f"Content-Length: {length}")
    return front + len(package.signed).to_bytes(4, "big") + package.signed, package.payload


async def begin(target: Target, package: Package, source: str = "127.0.0.1") -> Caller:
    """Offer a package, send a little of it, and stop."""
    front, payload = offer_of(package)
    caller = await call(target.server, source)
    await caller.say(front + payload[:1000])
    return caller


async def holding(target: Target, uploads: int) -> None:
    """Wait until so many are being received."""
    async with asyncio.timeout(60):
        while (await metrics(target.server))["emla_uploads"] != uploads:
            await asyncio.sleep(0.01)


async def deliver(target: Target, package: Package, source: str = "127.0.0.1") -> int:
    async with calling(target.server, source) as caller:
        front, payload = offer_of(package)
        await caller.say(front + payload)
        return (await caller.answer())[0]


async def test_offers_that_bring_nothing_take_the_places_of_their_peer_only_and_not_for_long(
    target: Target,
) -> None:
    callers = [await begin(target, target.honest_of(LARGE)) for _ in range(2)]
    await holding(target, 2)
    # The third would be the last upload, and is one byte too many of what may be promised to a peer.
    front, _ = offer_of(target.honest_of(LARGE))
    async with calling(target.server) as caller:
        await caller.say(front)
        status, body = await caller.answer()
        assert (status, b'"quota"' in body) == (429, True)
    assert await deliver(target, target.honest_of(LARGE, target.hk)) == 200
    assert await deliver(target, target.honest()) == 200, "what is small needs no reservation"
    # Whoever sends nothing is closed on, and what was promised is free again.
    for caller in callers:
        assert await caller.everything() == b""
    await holding(target, 0)
    assert await deliver(target, target.honest_of(LARGE)) == 200
    figures = await metrics(target.server)
    assert figures['emla_quota_total{peer="at.moj"}'] == 1
    assert figures['emla_connections_closed_total{reason="body"}'] == 2


async def test_one_upload_may_be_larger_than_what_may_be_promised_to_a_peer(target: Target) -> None:
    assert await deliver(target, target.honest_of(3 * 1024**2)) == 200


async def test_who_plays_back_a_peer_s_header_from_elsewhere_uses_up_nothing_of_the_peer(
    target: Target,
) -> None:
    callers = [await begin(target, target.honest_of(LARGE), "127.0.0.9") for _ in range(2)]
    await holding(target, 2)
    assert await deliver(target, target.honest_of(LARGE)) == 200
    for caller in callers:
        caller.go()


def expired(target: Target) -> Package:
    """Signed by the peer and refused for good: each costs a signature and a leaf."""
    times: dict[str, Document] = {"created": authorities.NOW - 3700, "expires": authorities.NOW - 60}
    return build(target.at, target.recipient, number=target.number, tampering=Tampering(header=times))


async def test_a_peer_whose_offers_are_all_refused_is_told_to_come_later_and_leaves_no_more_leaves(
    target: Target,
) -> None:
    statuses = []
    async with calling(target.server) as caller:
        for _ in range(5):
            front, payload = offer_of(expired(target))
            await caller.say(front + payload)
            statuses.append((await caller.answer())[0])
    assert statuses[:3] == [422] * 3
    assert 429 in statuses[3:]
    leaves = target.contents()["leaf"]
    async with calling(target.server) as caller:
        await caller.say(b"".join(offer_of(expired(target))))  # a new connection belongs to nobody yet
        await caller.answer()
        await caller.say(b"".join(offer_of(expired(target))))
        status, body = await caller.answer()
        assert (status, b'"quota"' in body) == (429, True)
    assert target.contents()["leaf"] == leaves + 1
    assert await deliver(target, target.honest_of(5000, target.hk)) == 200
    assert (await metrics(target.server))['emla_quota_total{peer="at.moj"}'] >= 1


async def test_calls_that_nobody_signed_are_answered_unread_after_so_many_of_one_address(
    target: Target,
) -> None:
    async with calling(target.server, "127.0.0.9") as caller:
        for _ in range(10):
            await caller.say(head("GET", "/emla/1/documents/de.bfj"))
            assert (await caller.answer())[0] == 200
        # The answer comes although the body does not: it is given before the body is read.
        await caller.say(head("POST", "/emla/1/ping", "Content-Length: 4000"))
        status, body = await caller.answer()
        assert (status, b'"busy"' in body) == (503, True)
    assert await deliver(target, target.honest()) == 200
    assert (await metrics(target.server))['emla_busy_total{reason="unsigned"}'] == 1


async def test_a_stranger_behind_the_address_of_a_peer_does_not_cut_the_peer_off(target: Target) -> None:
    assert await deliver(target, target.honest(), "127.0.0.9") == 200
    async with calling(target.server, "127.0.0.9") as stranger:
        for _ in range(12):
            await stranger.say(head("GET", "/emla/1/documents/de.bfj"))
            assert (await stranger.answer())[0] == 200
    assert await deliver(target, target.honest(), "127.0.0.9") == 200


# --- all of them ---


async def offering(target: Target, offers: list[bytes], source: str, left: list[int]) -> None:
    """Offer and go away, or wait a moment for the answer; again and again until nothing is left."""
    number = 0
    while left[0] > 0:
        left[0] -= 1
        number += 1
        try:
            caller = await call(target.server, source)
        except OSError:
            continue  # turned away at the door
        try:
            await caller.say(offers[number % len(offers)])
            if number % 4:
                async with asyncio.timeout(0.5):
                    await caller.some()
        except (OSError, TimeoutError):
            pass
        finally:
            caller.go()


async def honest_all_along(target: Target, left: list[int]) -> list[float]:
    """Another peer delivers all the while; how long each delivery took."""
    seconds = []
    while left[0] > 0:
        package, begun = target.honest_of(LARGE, target.hk), time.monotonic()
        assert await deliver(target, package, "127.0.0.3") == 200
        seconds.append(time.monotonic() - begun)
        await asyncio.sleep(1)
    return sorted(seconds)


@pytest.fixture
def besieged(tmp_path: Path) -> Iterator[Target]:
    """With the limits of the installation, as far as the tests of one machine can."""
    with attacked(tmp_path) as one:
        yield one


@pytest.mark.long
@pytest.mark.timeout(0)
async def test_a_million_offers_that_bring_nothing_cost_the_others_nothing(besieged: Target) -> None:
    count = int(os.environ.get("EMLA_OFFERS") or 10**6)
    offers = [b"".join(offer_of(besieged.honest_of(LARGE)))[:5000] for _ in range(64)]
    before, left, begun = besieged.contents(), [count], time.monotonic()
    memory = peak_memory(besieged.server)
    sources = [
        f"127.0.6.{1 + number % 8}" for number in range(96)
    ]  # more at once than a peer may have under way
    honest = asyncio.create_task(honest_all_along(besieged, left))
    await asyncio.gather(*(offering(besieged, offers, each, left) for each in sources))
    seconds = await honest
    took = time.monotonic() - begun
    await holding(besieged, 0)
    refused = (await metrics(besieged.server)).get('emla_quota_total{peer="at.moj"}', 0.0)
    grown = (peak_memory(besieged.server) - memory) / 1024**2
    print(
        f"{count} offers in {took:.0f} s, {refused:.0f} answered quota; {len(seconds)} honest deliveries beside them:"
        f" median {seconds[len(seconds) // 2]:.2f} s, longest {seconds[-1]:.2f} s; memory grew by {grown:.0f} MiB"
    )
    assert besieged.contents()["received"] - before["received"] == len(seconds)
    assert grown < 256
    assert await deliver(besieged, besieged.honest_of(LARGE)) == 200
