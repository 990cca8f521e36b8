"""Row 27. Acknowledgement for another pid, recipient or event replayed to the sender.

Expected: quarantined, alarm, leg unchanged. What its issuer signed is kept as it came; the alarm is a loud line and a metric.
"""

import asyncio
import logging
from pathlib import Path

import pytest

from emla.flow.gateway import subject_of
from emla.flow.line.doubts import DOUBTFUL_MAX
from emla.flow.line.receive_acknowledgement import ReceiveAcknowledgement
from emla.flow.news import News
from emla.formats.acknowledgement import encode_bundle
from emla.model.acknowledgement import Event
from emla.model.documents import Authority
from emla.model.errors import InvalidAcknowledgementError
from emla.model.leg import LegState
from emla.ports.transport import Refusal
from tests.support.acknowledging import issue
from tests.support.authorities import NOW, Party
from tests.support.gateways import TurnedClock, acknowledgement_id_of, answer_of, until
from tests.support.packages import package_of
from tests.support.relay_line import AT, DE, HK, PEERS, Line, line
from tests.support.scripted_transport import ScriptedTransport

PACKAGE = package_of(AT, DE, 1)


def bundle_of(issuer: Party, number: int, event: Event, *, to: Party = DE) -> bytes:
    return answer_of(issuer, package_of(AT, to, number).subject, event)


FOREIGN = {
    "another package": (bundle_of(DE, 2, Event.RELAY_ACCEPTANCE), "acknowledgement-mismatch"),
    "another recipient": (bundle_of(HK, 1, Event.RELAY_ACCEPTANCE, to=HK), "acknowledgement-mismatch"),
    "another event": (bundle_of(DE, 1, Event.CONTENT_CONSIGNMENT), "peer-nonsense"),
}


class Replaying(ScriptedTransport):
    """Answers a package with a bundle of something else."""

    bundle = b""

    async def send_package(
        self, peer: Authority, pid: bytes, signed: bytes, payload: bytes | Path, payload_size: int
    ) -> bytes | Refusal:
        await self._run(peer.id, pid)
        return self.bundle or answer_of(self.parties[peer.id], subject_of(signed), Event.RELAY_ACCEPTANCE)


def loud(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.getMessage() for each in caplog.records if each.levelno >= logging.ERROR]


@pytest.mark.parametrize("what", FOREIGN)
async def test_an_answer_about_something_else_moves_nothing_and_is_kept(
    tmp_path: Path, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    transport = Replaying(PEERS)
    transport.bundle, code = FOREIGN[what]
    async with line(tmp_path, transport, clock=TurnedClock()) as here:
        await here.submit(1)
        await until(lambda: bool(transport.calls) and not here.home.gateway.under_way.count)
        here.relay.retry(DE.id)
        await until(lambda: len(transport.calls) > 1 and not here.home.gateway.under_way.count)
        assert here.state() is LegState.READY
        assert here.home.count("acknowledgement") == 1  # our own SubmissionAcceptance
        kept = here.home.store.read.doubtful(PACKAGE.pid)
        if code == "peer-nonsense":
            # It holds, and is about this package: only it is no answer to an offer. The peer may push it.
            assert kept == []
            return
        assert [(each.code, each.peer, each.bundle) for each in kept] == [(code, DE.id, transport.bundle)]
        assert loud(caplog) == ["doubtful acknowledgement"]
        assert here.home.store.read.proof_counts(DE.id) == (0, 0, 1)
        transport.bundle = b""
        here.relay.retry(DE.id)
        await here.accepted(1)


async def pushed(here: Line, bundle: bytes) -> str:
    receive = ReceiveAcknowledgement(here.home.gateway, News(), lambda peer: None)
    with pytest.raises(InvalidAcknowledgementError) as caught:
        await receive(acknowledgement_id_of(bundle), bundle)
    return caught.value.code


async def test_what_is_pushed_about_something_else_is_kept_too(tmp_path: Path) -> None:
    async with line(tmp_path, ScriptedTransport(PEERS), clock=TurnedClock()) as here:
        await here.submit(1)
        await here.accepted(1)
        never = bundle_of(DE, 7, Event.CONTENT_CONSIGNMENT)
        assert await pushed(here, never) == "unknown-package"
        other = encode_bundle(issue(DE, PACKAGE, Event.CONTENT_CONSIGNMENT, at=NOW + 20, members={"seq": 9}))
        assert await pushed(here, other) == "acknowledgement-mismatch"
        read = here.home.store.read
        assert [each.bundle for each in read.doubtful(package_of(AT, DE, 7).pid)] == [never]
        assert [each.bundle for each in read.doubtful(PACKAGE.pid)] == [other]
        assert here.state() is LegState.ACCEPTED


async def test_what_nobody_known_has_signed_is_not_kept(tmp_path: Path) -> None:
    async with line(tmp_path, ScriptedTransport(PEERS), clock=TurnedClock()) as here:
        await here.submit(1)
        await here.accepted(1)
        forged = encode_bundle(issue(DE, PACKAGE, Event.CONTENT_CONSIGNMENT, at=NOW + 20, signer=HK.sign))
        assert await pushed(here, forged) == "bad-signature"
        assert "doubtful" not in here.home.contents()


async def test_a_peer_cannot_fill_the_disk_with_them(tmp_path: Path) -> None:
    async with line(tmp_path, ScriptedTransport(PEERS), clock=TurnedClock()) as here:
        await here.submit(1)
        await here.accepted(1)
        bundles = [
            encode_bundle(issue(DE, PACKAGE, Event.CONTENT_CONSIGNMENT, at=NOW + 20, members={"seq": number}))
            for number in range(2, DOUBTFUL_MAX + 6)
        ]
        await asyncio.gather(*(pushed(here, each) for each in bundles))
        assert here.home.count("doubtful") == DOUBTFUL_MAX
