"""Row 25. Created in future 301 s; expired by 1 s; expires - created > 90 d.

Expected: clock-skew; expired; malformed. Only the one that expired is answered with a signature.
"""

from pathlib import Path

import pytest

from emla.model.acknowledgement import Event
from emla.model.errors import EmlaError
from emla.steps.verify_acknowledgement import verify_acknowledgement
from tests.support.authorities import DAY, Tampering
from tests.support.received import DE, desk, valid_package


async def test_what_is_created_in_the_future_waits_for_the_clocks(tmp_path: Path) -> None:
    package = valid_package()
    async with desk(tmp_path) as here:
        here.home.clock.at = package.header.created - 301.0
        before = here.home.contents()
        with pytest.raises(EmlaError) as caught:
            await here.take(package)
        assert caught.value.code == "clock-skew"
        assert here.home.contents() == before
        here.home.clock.at += 1
        assert (await here.take(package)).accepted


async def test_what_has_expired_is_refused_with_a_signature_once(tmp_path: Path) -> None:
    package = valid_package()
    async with desk(tmp_path) as here:
        here.home.clock.at = package.header.expires + 1.0
        answer = await here.take(package)
        assert not answer.accepted
        verified = verify_acknowledgement(answer.bundle, issuer=DE.authority, subject=package.subject)
        said = verified.acknowledgement
        assert (said.event, said.reason) == (Event.RELAY_REJECTION, "expired")
        assert await here.take(package) == answer
        assert "received" not in here.home.contents()


async def test_nothing_lives_longer_than_ninety_days(tmp_path: Path) -> None:
    created = valid_package().header.created
    long = valid_package(tampering=Tampering(header={"expires": created + 90 * DAY + 1}))
    async with desk(tmp_path) as here:
        with pytest.raises(EmlaError) as caught:
            await here.take(long)
        assert caught.value.code == "malformed"
        assert here.home.contents() == {}
