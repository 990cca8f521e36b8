"""Hand-over: the leaf is committed before the first byte goes out, once, and only what was verified goes out."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from emla.model.acknowledgement import Event
from emla.model.errors import EmlaError
from emla.model.leg import InboxState, LegKind
from emla.model.person import ALONE
from emla.steps.verify_acknowledgement import verify_acknowledgement
from tests.support.authorities import Package, build, derived
from tests.support.gateways import rows, until
from tests.support.received import AT, DE, Desk, desk, valid_package, valid_parts
from tests.unit.flow.test_open import opening


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk(tmp_path) as one:
        yield one


async def consigned(here: Desk, package: Package) -> None:
    await here.take(package)
    here.opening.add(package.pid)
    async with opening(here):
        await until(lambda: bool(here.legs))
    here.legs.clear()


@pytest.mark.parametrize("size", [5000, 400_000, 3_000_000])
async def test_the_parts_come_out_as_they_went_in(here: Desk, size: int) -> None:
    package = valid_package(size=size)
    await consigned(here, package)
    for number, (_, _, name, data) in enumerate(valid_parts(size=size)):
        content, pieces = await here.hand_over.part(package.pid, number, ALONE)
        assert content.manifest.parts[number].name == name
        assert b"".join([piece async for piece in pieces]) == data


async def test_the_leaf_is_committed_before_the_first_byte(here: Desk) -> None:
    package = valid_package()
    await consigned(here, package)
    before = rows(here.home.data)["leaf"]
    _, pieces = await here.hand_over.part(package.pid, 0, ALONE)
    # Not one piece was asked for yet, and everything is in the file already.
    # That of the read, and that of the acknowledgement: the first one tells who, and only here.
    assert rows(here.home.data)["leaf"] == before + 2
    assert rows(here.home.data)["hand_over"] == 1
    bundle = here.home.store.read.bundle(package.pid, Event.CONTENT_HANDOVER)
    assert bundle is not None
    verified = verify_acknowledgement(bundle, issuer=DE.authority, subject=package.subject)
    leg = here.home.store.read.leg_of(LegKind.ACKNOWLEDGEMENT, verified.aid, about=package.pid)
    assert here.legs == [leg]
    row = here.home.store.read.received(package.pid)
    assert row is not None
    assert row.state is InboxState.HANDED
    assert [piece async for piece in pieces]


async def test_reading_again_makes_no_second_hand_over(here: Desk) -> None:
    package = valid_package()
    await consigned(here, package)
    for number in (0, 1, 0):
        await here.hand_over.part(package.pid, number, ALONE)
    found = rows(here.home.data)
    assert found["hand_over"] == 1
    assert found["acknowledgement"] == 3
    assert len(here.legs) == 1


async def refused(here: Desk, pid: bytes, number: int = 0) -> str:
    before = here.home.contents()
    with pytest.raises(EmlaError) as caught:
        await here.hand_over.part(pid, number, ALONE)
    assert here.home.contents() == before
    return caught.value.code


async def test_what_is_not_there_or_not_consigned_is_not_handed_over(here: Desk) -> None:
    package = valid_package()
    assert await refused(here, derived("nothing")) == "not-found"
    await here.take(package)
    assert await refused(here, package.pid) == "not-readable"


async def test_what_is_in_quarantine_is_not_handed_over(here: Desk) -> None:
    package = build(AT, DE, parts=valid_parts(recipient="hk.doj"))
    await consigned(here, package)
    assert here.home.store.read.record(package.pid) is not None
    assert await refused(here, package.pid) == "not-readable"


async def test_a_part_that_is_not_there_is_not_found(here: Desk) -> None:
    package = valid_package()
    await consigned(here, package)
    assert await refused(here, package.pid, 2) == "not-found"


@pytest.mark.parametrize("size", [400_000])
async def test_a_payload_that_rotted_on_disk_is_not_handed_over(here: Desk, size: int) -> None:
    package = valid_package(size=size)
    await consigned(here, package)
    path = here.home.blobs.path(package.header.payload.sha256)
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert await refused(here, package.pid) == "payload-damaged"
    path.unlink()
    assert await refused(here, package.pid) == "payload-damaged"


async def test_a_record_that_does_not_open_is_named(here: Desk) -> None:
    package = valid_package()
    await consigned(here, package)
    identity = here.home.gateway.identity
    object.__setattr__(identity, "content_key", derived("another content key"))
    assert await refused(here, package.pid) == "store-failed"
