"""Row 23. Same msg, or same payload id, with other content.

Expected: equivocation or already-held, the first stays.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from emla.formats.strict_json import Json, encode_octets
from emla.model.acknowledgement import Event
from emla.model.errors import EmlaError
from emla.steps.verify_acknowledgement import verify_acknowledgement
from tests.support.authorities import Tampering, build
from tests.support.received import AT, DE, Desk, desk, valid_package


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk(tmp_path) as one:
        yield one


@pytest.mark.parametrize("member", ["msg", "payload.id"])
async def test_the_first_stays_and_the_second_is_proof(
    here: Desk, member: str, caplog: pytest.LogCaptureFixture
) -> None:
    first = valid_package(1)
    answer = await here.take(first)
    same: dict[str, Json | None] = {
        "msg": encode_octets(first.header.msg),
        "payload.id": encode_octets(first.header.payload.id),
    }
    second = valid_package(2, tampering=Tampering(header={member: same[member]}))
    for _ in range(2):
        with pytest.raises(EmlaError) as caught:
            await here.take(second)
        assert caught.value.code == "equivocation"
    found = here.home.contents()
    assert (found["received"], found["equivocation"], found["acknowledgement"]) == (1, 1, 1)
    assert found["leaf"] == 3
    assert await here.take(first) == answer
    read = here.home.store.read
    assert read.received(second.pid) is None
    # People see it: loudly and once in the log, at the package, and at the peer.
    loud = [each for each in caplog.records if each.levelno >= logging.ERROR]
    assert [each.getMessage() for each in loud] == ["equivocation"]
    assert [each.pid for each in read.equivocations(first.pid)] == [second.pid]
    assert read.proof_counts(AT.id) == (1, 0, 0)


async def test_the_same_payload_under_another_package_is_already_held(here: Desk) -> None:
    package = valid_package()
    await here.take(package)
    other = build(
        AT,
        DE,
        parts=(),
        number=2,
        tampering=Tampering(
            payload=lambda _: package.payload,
            header={"payload.id": encode_octets(package.header.payload.id)},
        ),
    )
    answer = await here.take(other)
    assert not answer.accepted
    verified = verify_acknowledgement(answer.bundle, issuer=DE.authority, subject=other.subject)
    said = verified.acknowledgement
    assert (said.event, said.reason) == (Event.RELAY_REJECTION, "already-held")
    assert here.home.count("received") == 1


async def test_two_packages_of_one_name_at_once_leave_one_and_a_proof(here: Desk) -> None:
    first = valid_package(1)
    second = valid_package(2, tampering=Tampering(header={"msg": encode_octets(first.header.msg)}))
    answers = await asyncio.gather(here.take(first), here.take(second), return_exceptions=True)
    errors = [each for each in answers if isinstance(each, EmlaError)]
    assert [each.code for each in errors] == ["equivocation"]
    found = here.home.contents()
    assert (found["received"], found["equivocation"]) == (1, 1)
