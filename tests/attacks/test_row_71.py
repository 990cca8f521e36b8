"""Row 71: a poison document that crashes or hangs the parser. Quarantined after three deaths, ContentConsignmentFailure to the
sender, and whoever comes after it is opened. (That a real child which hangs, bursts or is killed dies alone and is replaced:
`tests/unit/sandbox/test_opener.py`.)
"""

import asyncio
from contextlib import suppress
from pathlib import Path

from emla.model.acknowledgement import Event
from emla.model.leg import InboxState
from tests.support.authorities import Package
from tests.support.gateways import until
from tests.support.received import Desk, desk, valid_package


def state(here: Desk, package: Package) -> InboxState:
    row = here.home.store.read.received(package.pid)
    assert row is not None
    return row.state


async def test_a_poison_document_is_quarantined_and_the_next_is_opened(tmp_path: Path) -> None:
    poison, good = valid_package(1), valid_package(2)
    async with desk(tmp_path) as here:
        running = asyncio.create_task(here.opening.run())
        here.opener.deaths_to_come = 3
        await here.take(poison)
        here.opening.add(poison.pid)
        await until(lambda: state(here, poison) is InboxState.QUARANTINED)
        await here.take(good)
        here.opening.add(good.pid)
        await until(lambda: state(here, good) is InboxState.CONSIGNED)
        assert here.opener.calls == 4
        said = {each: here.home.store.read.acknowledgements(each.pid)[-1].event for each in (poison, good)}
        assert said == {poison: Event.CONTENT_CONSIGNMENT_FAILURE, good: Event.CONTENT_CONSIGNMENT}
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
