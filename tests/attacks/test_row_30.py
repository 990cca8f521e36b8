"""Row 30. Acknowledgement without proof, proof for other leaf, other origin, stale size.

Expected: stored as incomplete; leg not final when policy requires proof. The policy is that proof is always required.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from emla.flow.line.receive_acknowledgement import ReceiveAcknowledgement
from emla.flow.news import News
from emla.formats.acknowledgement import encode_bundle
from emla.ledger.merkle import root_hash
from emla.model.acknowledgement import Bundle, Event
from emla.model.documents import Authority
from emla.model.errors import InvalidAcknowledgementError
from emla.model.leg import LegState
from emla.ports.transport import Refusal
from tests.support.acknowledging import checkpoint_of, issue
from tests.support.authorities import NOW
from tests.support.gateways import TurnedClock, acknowledgement_id_of, until
from tests.support.packages import package_of
from tests.support.relay_line import AT, DE, PEERS, line
from tests.support.scripted_transport import ScriptedTransport

PACKAGE = package_of(AT, DE, 1)
GOOD = issue(DE, PACKAGE, Event.RELAY_ACCEPTANCE, at=NOW + 5)
OTHER_ORIGIN = checkpoint_of(DE, 11, root_hash([]), origin="de.bfj/emla/1/9")
INCOMPLETE: dict[str, tuple[Bundle, str]] = {
    "no proof": (replace(GOOD, proof=()), "proof-mismatch"),
    "other leaf": (replace(GOOD, index=4), "proof-mismatch"),
    "other origin": (replace(GOOD, checkpoint=OTHER_ORIGIN), "bad-signature"),
    "stale size": (replace(GOOD, checkpoint=checkpoint_of(DE, 3, root_hash([]))), "proof-mismatch"),
}


class Incomplete(ScriptedTransport):
    """Answers with an acknowledgement that is not proved to be in the ledger, until told otherwise."""

    bundle = b""

    async def send_package(
        self, peer: Authority, pid: bytes, signed: bytes, payload: bytes | Path, payload_size: int
    ) -> bytes | Refusal:
        await self._run(peer.id, pid)
        return self.bundle


@pytest.mark.parametrize("what", INCOMPLETE)
async def test_what_is_not_proved_is_kept_and_moves_nothing_until_it_is(tmp_path: Path, what: str) -> None:
    transport = Incomplete(PEERS)
    bundle, code = INCOMPLETE[what]
    transport.bundle = encode_bundle(bundle)
    async with line(tmp_path, transport, clock=TurnedClock()) as here:
        await here.submit(1)
        await until(lambda: here.home.store.read.doubtful(PACKAGE.pid) != [])
        (kept,) = here.home.store.read.doubtful(PACKAGE.pid)
        assert (kept.code, kept.bundle) == (code, transport.bundle)
        assert here.state() is LegState.READY
        # The same, pushed.
        receive = ReceiveAcknowledgement(here.home.gateway, News(), lambda peer: None)
        with pytest.raises(InvalidAcknowledgementError) as caught:
            await receive(acknowledgement_id_of(transport.bundle), transport.bundle)
        assert caught.value.code == code
        assert here.home.count("doubtful") == 1
        assert here.state() is LegState.READY
        # The same acknowledgement with its proof is good.
        transport.bundle = encode_bundle(GOOD)
        await until(lambda: not here.home.gateway.under_way.count)
        here.relay.retry(DE.id)
        await here.accepted(1)
