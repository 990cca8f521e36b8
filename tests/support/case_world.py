"""The authorities of a sample case in one process, on a clock that can be set to the days of the case.

Rules of this file: a clock that is set stands still until it is set again, for all houses alike; it is never set back.
"""

from datetime import datetime
from pathlib import Path

from emla.flow.dockets import Dockets, Held
from emla.formats.export import encode_export
from tests.support.folders import make_folder
from tests.support.in_process import DirectLine, InlineOpener, Station, TestClock
from tests.support.sample_line import hand_in, message_in

ZONES = {"at.bmj": "Europe/Vienna", "ae.moj": "Asia/Dubai", "pt.pgr": "Europe/Lisbon"}
"""By whose days the timed cases count: S06, S11, S14."""


class VirtualClock(TestClock):
    """The clock of all houses of a world: it stands still until it is set."""

    def __init__(self, at: datetime) -> None:
        super().__init__()
        self.at = at

    def now(self) -> float:
        return self.at.timestamp()

    def steady(self) -> float:
        return self.at.timestamp()


class World:
    """The authorities of a case, in one process."""

    def __init__(self, folder: Path, names: set[str], begins: datetime | None = None) -> None:
        self.folder = folder
        self.begins = begins
        self.clock = VirtualClock(begins) if begins else TestClock()
        self.stations: dict[str, Station] = {}
        self.line = DirectLine(lambda peer: self.stations[peer])
        self.names = sorted(names)

    async def __aenter__(self) -> "World":
        for name in self.names:
            data = self.folder / name
            make_folder(data, name, at=self.begins, time_zone=ZONES.get(name, "UTC"))
            station = Station(data, self.line, self.clock, InlineOpener(data))
            self.stations[name] = station
            station.start()
        for one in self.stations.values():
            for other in self.stations.values():
                if one is not other:
                    await one.pin(other.data)
        return self

    async def __aexit__(self, *_: object) -> None:
        for each in self.stations.values():
            await each.close()

    async def move(self, at: datetime) -> None:
        """The time comes; each house says again what is current, as its rounds do daily, and hears it of the others."""
        assert isinstance(self.clock, VirtualClock)
        assert at >= self.clock.at
        self.clock.at = at
        for each in self.stations.values():
            await each.upkeep.round()
        for station in self.stations.values():
            for name, other in self.stations.items():
                if other is not station:
                    exported = encode_export(other.gateway.identity.authority.documents)
                    await station.take(name, exported, fetched=True)

    async def say(self, path: Path) -> None:
        """A message goes the whole way, and so do its acknowledgements."""
        sender = self.stations[message_in(path).sender]
        await hand_in(sender, path, self.folder / "capture")
        for _ in range(2):
            for name, station in self.stations.items():
                for other in self.names:
                    if other != name:
                        assert await station.deliver(other) == []
                await station.open()

    async def case(self, name: str, case_id: bytes) -> Held:
        station = self.stations[name]
        return await Dockets(station.gateway, station.news).of(case_id)
