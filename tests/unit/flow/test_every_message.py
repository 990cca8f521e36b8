"""Each message that authorities send goes the whole way: checked, sealed, accepted, opened, handed over."""

import asyncio
from pathlib import Path

from emla.flow.line.submission import Submission
from emla.model.findings import Override
from emla.model.package import DeclaredPart, PartRole
from tests.support.folders import make_folder
from tests.support.in_process import BytesSource, DirectLine, InlineOpener, Station, TestClock
from tests.support.invariants import violations
from tests.support.sample_messages import Sample, samples

AUTHORITIES = ("at.moj", "rs.moj", "de.bfj")


async def _hand_in(station: Station, sample: Sample) -> bytes:
    files = sample.files()
    parts = [("message.xml", "application/xml", PartRole.MAIN, sample.data)]
    parts += [(name, "text/plain", PartRole.ANNEX, data) for name, data in files]
    submission = Submission(
        parts=tuple(
            DeclaredPart(name=name, media=media, role=role, size=len(data))
            for name, media, role, data in parts
        ),
        source=BytesSource(b"".join(data for *_, data in parts)),
        overrides=(Override(rule="CA-013", reason="What it answers came on paper."),),
    )
    return (await station.submit(submission)).pid


async def _deliver_all(stations: dict[str, Station]) -> None:
    for name, station in stations.items():
        for other in stations:
            if other != name:
                assert await station.deliver(other) == []


async def _exchange(folder: Path) -> None:
    stations: dict[str, Station] = {}
    line = DirectLine(lambda peer: stations[peer])
    for name in AUTHORITIES:
        make_folder(folder / name, name)
        stations[name] = Station(folder / name, line, TestClock(), InlineOpener(folder / name))
        stations[name].start()
    for one in stations.values():
        for other in stations.values():
            if one is not other:
                await one.pin(other.data)
    sent = [(each, await _hand_in(stations[each.message.sender], each)) for each in samples()]
    await _deliver_all(stations)
    for station in stations.values():
        await station.open()
    for sample, pid in sent:
        there = stations[sample.message.recipient]
        row = there.gateway.store.read.received(pid)
        assert row is not None
        content = there.hand_over.content(pid, row.signed)
        assert content is not None
        assert content.manifest.message == sample.message.message_type
        assert await there.read_main(pid) == sample.data, sample.path.name
    await _deliver_all(stations)
    for station in stations.values():
        await station.close()


def test_every_message_reaches_the_officer_as_it_was_written(tmp_path: Path) -> None:
    asyncio.run(_exchange(tmp_path))
    assert [str(each) for each in violations(tmp_path / "rs.moj", tmp_path / "at.moj")] == []
