"""Row 22. Replay of an accepted package after 1 s, 89 d, after erasure, after restore from backup.

Expected: same acknowledgement, no second consignment. The restored
folder is one that was copied after the acceptance; one that is older than that is row 86.
"""

import asyncio
import shutil
from contextlib import suppress
from pathlib import Path

from tests.support.authorities import DAY, NOW, Package
from tests.support.backups import pair
from tests.support.erasing import bring, case_id, erased
from tests.support.gateways import select, until
from tests.support.in_process import BytesSource
from tests.support.received import Desk, desk, valid_package


async def opened_once(here: Desk) -> None:
    """The opener runs until nothing is left to open."""
    running = asyncio.create_task(here.opening.run())
    await until(lambda: not here.home.store.read.unopened(9))
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def replayed(here: Desk, package: Package) -> bytes:
    """Offer the package; its payload must not even be read, and nothing is added."""
    before = here.home.contents()
    source = here.source(package.payload)
    answer = await here.accept(package.pid, package.signed, source)
    assert answer.accepted
    assert source.read_bytes == 0
    await opened_once(here)
    assert here.home.contents() == before
    return answer.bundle


async def test_an_accepted_package_is_answered_with_the_same_bytes_for_ever(tmp_path: Path) -> None:
    package, data = valid_package(), tmp_path / "data"
    async with desk(data) as here:
        first = (await here.take(package)).bundle
        await opened_once(here)
        here.home.clock.at += 1
        assert await replayed(here, package) == first
    async with desk(data) as restarted:
        restarted.home.clock.at = NOW + 89.0 * DAY
        assert await replayed(restarted, package) == first
    shutil.copytree(data, tmp_path / "copy")
    async with desk(tmp_path / "copy") as restored:
        assert await replayed(restored, package) == first
    events = select(data, "SELECT event FROM acknowledgement WHERE pid = ? ORDER BY id", package.pid)
    assert events == [("RelayAcceptance",), ("ContentConsignment",)]


async def test_after_an_erasure_too(tmp_path: Path) -> None:
    async with pair(tmp_path) as both:
        pid = await bring(both, "a")
        station = both.recipient
        row = both.sender.store.read.sent(pid)
        assert row is not None
        payload = both.sender.gateway.payload(row.payload_sha256)
        assert isinstance(payload, bytes)
        first = (await station.accept(pid, row.signed, BytesSource(payload))).bundle
        await erased(station, case_id("a"))
        size = station.store.real.ledger_size
        for _ in range(2):
            source = BytesSource(payload)
            assert (await station.accept(pid, row.signed, source)).bundle == first
            assert source.size == len(payload)
            await station.open()
            assert station.store.read.record(pid) is None
            await station.restart()
        assert station.store.real.ledger_size == size
