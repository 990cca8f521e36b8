"""Row 34. Late RelayAcceptance after RelayFailure.

Expected: both kept, status `late`. The same when two officers closed it before.
"""

from pathlib import Path

import pytest

from emla.flow.line.give_up import CLOSED, EXPIRED, give_up
from emla.flow.line.receive_acknowledgement import ReceiveAcknowledgement
from emla.flow.news import News
from emla.model.acknowledgement import Event
from emla.model.leg import LegState
from emla.ports.transport import Refusal
from tests.support.gateways import TurnedClock, acknowledgement_id_of, answer_of
from tests.support.packages import package_of
from tests.support.relay_line import AT, DE, PEERS, line
from tests.support.scripted_transport import ScriptedTransport

PACKAGE = package_of(AT, DE, 1)


async def refusing(peer: str, ref: bytes) -> Refusal | None:
    return Refusal(code="busy", retry_after_seconds=3000.0)


@pytest.mark.parametrize("reason", [EXPIRED, CLOSED])
async def test_a_late_acceptance_supersedes_our_own_failure(tmp_path: Path, reason: str) -> None:
    async with line(tmp_path, ScriptedTransport(PEERS, refusing), clock=TurnedClock()) as here:
        await here.submit(1)
        row = here.home.store.read.sent(PACKAGE.pid)
        assert row is not None
        assert await here.home.store.write(give_up(here.home.gateway, row, reason))
        assert here.state() is LegState.EXPIRED
        assert not await here.home.store.write(give_up(here.home.gateway, row, reason))
        late = answer_of(DE, PACKAGE.subject, Event.RELAY_ACCEPTANCE)
        receive = ReceiveAcknowledgement(here.home.gateway, News(), lambda peer: None)
        await receive(acknowledgement_id_of(late), late)
        listed = here.home.store.read.listed(PACKAGE.pid)
        assert listed is not None
        assert (listed.state, listed.late) == ("ACCEPTED", True)
        said = {each.event: each.reason for each in here.home.store.read.acknowledgements(PACKAGE.pid)}
        assert said == {
            Event.SUBMISSION_ACCEPTANCE: None,
            Event.RELAY_FAILURE: reason,
            Event.RELAY_ACCEPTANCE: None,
        }
