"""Row 24. Same seq with other pid; seq jump of 1000; seq 0.

Expected: equivocation; gap recorded; malformed. A gap is what the stored places of a channel show; nothing is refused for it.
"""

from pathlib import Path

import pytest

from emla.model.errors import EmlaError
from tests.support.authorities import Tampering
from tests.support.gateways import select
from tests.support.received import desk, valid_package


async def test_one_place_in_a_channel_belongs_to_one_package(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        first = valid_package(1)
        answer = await here.take(first)
        second = valid_package(2, tampering=Tampering(header={"seq": 1, "prev": None}))
        for _ in range(2):
            with pytest.raises(EmlaError) as caught:
                await here.take(second)
            assert caught.value.code == "equivocation"
        found = here.home.contents()
        assert (found["received"], found["equivocation"], found["leaf"]) == (1, 1, 3)
        assert await here.take(first) == answer


async def test_a_jump_is_taken_and_the_gap_shows(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        for package in (valid_package(1), valid_package(2, tampering=Tampering(header={"seq": 1001}))):
            assert (await here.take(package)).accepted
        assert select(tmp_path, "SELECT seq FROM received ORDER BY seq") == [(1,), (1001,)]


async def test_there_is_no_place_0(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        before = here.home.contents()
        for seq in (0, -1, 2**53):
            with pytest.raises(EmlaError) as caught:
                await here.take(valid_package(1, tampering=Tampering(header={"seq": seq})))
            assert caught.value.code == "malformed"
        assert here.home.contents() == before
