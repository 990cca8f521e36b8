"""A peer that signs two different RelayAcceptances for one package: the first stands, and the gateway goes on."""

import shutil
from pathlib import Path

from emla.model.acknowledgement import Event
from emla.model.documents import Authority
from emla.ports.transport import Refusal
from emla.steps.verify_acknowledgement import verify_acknowledgement
from tests.support.books import read_books
from tests.support.folders import make_folder
from tests.support.in_process import BytesSource, DirectLine, InlineOpener, Station, TestClock
from tests.support.messages import make_template

SENDER, RECIPIENT = "at.moj", "jp.moj"


class ContradictingLine(DirectLine):
    """While a package is on its way its recipient pushes one acceptance, and then answers with another one."""

    def __init__(self, stations: dict[str, Station], twin: Station) -> None:
        super().__init__(lambda peer: stations[peer])
        self._sender = stations
        self._twin = twin

    async def send_package(
        self, peer: Authority, pid: bytes, signed: bytes, payload: bytes | Path, payload_size: int
    ) -> bytes | Refusal:
        assert isinstance(payload, bytes)
        pushed = (await self._twin.accept(pid, signed, BytesSource(payload))).bundle
        sender = self._sender[SENDER]
        await sender.receive(verify_acknowledgement(pushed, issuer=peer).aid, pushed)
        return await super().send_package(peer, pid, signed, payload, payload_size)


async def test_a_second_relay_acceptance_is_refused_and_ends_nothing(tmp_path: Path) -> None:
    for name in (SENDER, RECIPIENT):
        make_folder(tmp_path / name, name)
    # The twin is the recipient restored from a copy, five seconds later by its clock: the same keys, another history.
    shutil.copytree(tmp_path / RECIPIENT, tmp_path / "twin")
    stations: dict[str, Station] = {}
    twin = Station(
        tmp_path / "twin",
        DirectLine(lambda peer: stations[peer]),
        TestClock(),
        InlineOpener(tmp_path / "twin"),
    )
    twin.clock.moved_by = 5
    line = ContradictingLine(stations, twin)
    for name in (SENDER, RECIPIENT):
        stations[name] = Station(tmp_path / name, line, TestClock(), InlineOpener(tmp_path / name))
    sender = stations[SENDER]
    for each, other in ((sender, RECIPIENT), (stations[RECIPIENT], SENDER), (twin, SENDER)):
        each.start()
        await each.pin(tmp_path / other)

    template = make_template(sender=SENDER, recipient=RECIPIENT, attachment=b"")
    pid = (await sender.hand_in(template, bytes(15) + b"\1")).pid
    refusals = await sender.deliver(RECIPIENT)
    first = twin.store.read.bundle(pid, Event.RELAY_ACCEPTANCE)
    for station in (*stations.values(), twin):
        await station.close()

    assert refusals == []  # the first one stands and has moved the leg: nothing is left to ask for
    books = read_books(sender.data)
    stored = books.of(pid, Event.RELAY_ACCEPTANCE)
    assert stored is not None
    assert stored.bundle == first
    assert [leg.state for leg in books.legs] == ["ACCEPTED"]
