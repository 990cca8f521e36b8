"""Two ministries that write to each other, one of which is put back to what it was some time ago."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from emla.bootstrap.channels import ChannelLine
from emla.keyring.files import FileUse
from emla.ledger.checkpoint import checkpoint_text, decode
from emla.model.documents import KeyUse
from emla.model.errors import ConfigurationError
from emla.model.leg import LegKind, LegState
from emla.ports.channel import ClosedRow
from emla.ports.hub_line import HubLine
from emla.steps.next_card import CardPlan, next_card, overlap_ends
from tests.support.authorities import party
from tests.support.ceremony import listed, new_key
from tests.support.gateways import select
from tests.support.in_process import Station
from tests.support.key_house import RECIPIENT, SENDER, House, Ministry, key_house
from tests.support.memory_hub import MemoryHub
from tests.support.messages import make_template

BACK = make_template(sender=RECIPIENT, recipient=SENDER, attachment=bytes(500))


@dataclass
class Exchange:
    """The exchange, and what the victim's folder was some time ago."""

    house: House
    backup: Path
    back: int = 0

    @property
    def victim(self) -> Station:
        return self.house.recipient.station

    @property
    def peer(self) -> Station:
        return self.house.sender.station

    async def there(self) -> bytes:
        """A package of the peer's, accepted, opened, acknowledged."""
        pid = await self.house.hand_in()
        await self.peer.deliver(RECIPIENT)
        await self.house.settle()
        return pid

    async def here(self) -> bytes:
        """A package of the victim's, accepted, opened, acknowledged."""
        self.back += 1
        pid = (await self.victim.hand_in(BACK, (1000 + self.back).to_bytes(16, "big"))).pid
        await self.victim.deliver(SENDER)
        await self.peer.open()
        await self.peer.deliver(RECIPIENT)
        return pid

    async def refusal(self) -> str:
        """The code for which the victim sends nothing."""
        with pytest.raises(ConfigurationError) as caught:
            await self.here()
        return caught.value.code

    async def copy(self) -> None:
        """Copy the victim's folder, as a backup does: while nothing is written."""
        await self.victim.close()
        shutil.copytree(self.victim.data, self.backup)
        self.victim.start()

    async def restore(self) -> None:
        """Put the copy in the place of the folder, and start."""
        self.house.clock.moved_by += 2  # statuses speak about the seconds before theirs
        await self.victim.close()
        shutil.rmtree(self.victim.data)
        shutil.copytree(self.backup, self.victim.data)
        self.victim.start()

    async def recover(self, *, epoch_above: int = 0, version_above: int = 0) -> None:
        """Two officers and the root: a card with a new ledger key opens the next epoch."""
        self.house.clock.moved_by += 2  # what was signed in the second in which a key ends is not believed
        await begin_epoch(self.house.recipient, epoch_above=epoch_above, version_above=version_above)

    async def both_ask(self) -> None:
        """Each tells the other how the channels stand, and does what follows."""
        self.house.clock.moved_by += 2  # statuses speak about the seconds before theirs
        await self.victim.channels.exchange(SENDER)
        await self.peer.settle_heard()
        self.house.clock.moved_by += 2
        await self.peer.channels.exchange(RECIPIENT)
        await self.victim.settle_heard()


@asynccontextmanager
async def exchange(folder: Path) -> AsyncIterator[Exchange]:
    """The two ministries, running."""
    async with key_house(folder) as house:
        yield Exchange(house, folder / "backup")


async def begin_epoch(ministry: Ministry, *, epoch_above: int = 0, version_above: int = 0) -> None:
    """A ministry's card with a new ledger key opens the next epoch."""
    now = ministry.now
    key = new_key(ministry.station.data, FileUse.LEDGER, now)
    plan = CardPlan(
        add=(listed(key, now, 300),),
        ends=overlap_ends(ministry.authority, KeyUse.LEDGER, now, 0),
        begins_epoch=True,
        epoch_above=epoch_above,
        version_above=version_above,
    )
    await ministry.publish_card(next_card(ministry.authority, plan, now=now, life_seconds=86400))


def line_of(station: Station, hub_line: HubLine | None = None) -> ChannelLine:
    """What `serve` asks before it signs, of a station; without a line to hubs, one to a hub that knows nobody."""
    line = ChannelLine(
        gateway=station.gateway,
        watch=station.watch,
        settle=station.settle,
        channels=station.channels,
        rounds=station.rounds,
        hub_line=hub_line or MemoryHub(party("eu.hub")).door(station.gateway.identity.id),
        heard=station.heard_there,
        transport=station._line,
    )
    line.connect(lambda peer: None)
    return line


def closed(station: Station) -> ClosedRow:
    """Why a station's ledger is closed; it must be."""
    row = station.store.read.closed()
    assert row is not None
    return row


def state(station: Station, pid: bytes) -> LegState:
    """The state of a package's leg."""
    leg = station.store.read.leg_of(LegKind.PACKAGE, pid)
    assert leg is not None
    return leg.state


def shown_checkpoints(holder: Station, issuer: str) -> set[tuple[str, int, bytes]]:
    """Every checkpoint of an authority's that somebody else holds: origin, size, signed lines."""
    found = set()
    rows = select(
        holder.data,
        "SELECT json_extract(CAST(bundle AS TEXT), '$.checkpoint') FROM acknowledgement WHERE by = ?"
        " UNION SELECT CAST(note AS TEXT) FROM seen WHERE authority = ?",
        issuer,
        issuer,
    )
    for (note,) in rows:
        assert isinstance(note, str)
        checkpoint = decode(note.encode()).checkpoint
        found.add((checkpoint.origin, checkpoint.size, checkpoint_text(checkpoint)))
    return found


def own_checkpoints(station: Station) -> set[tuple[str, int, bytes]]:
    """Every checkpoint in a station's own ledgers."""
    found = set()
    for (note,) in select(
        station.data, "SELECT note FROM checkpoint UNION ALL SELECT note FROM former_checkpoint"
    ):
        assert isinstance(note, bytes)
        checkpoint = decode(note).checkpoint
        found.add((checkpoint.origin, checkpoint.size, checkpoint_text(checkpoint)))
    return found
