"""Reading a feed in a test, to its end."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from emla.flow.happenings.feed import Feed
from emla.model.happening import Happening, Place
from emla.store.sqlite.listings import SqliteListings, open_listings
from emla.store.sqlite.store import SqliteStore
from tests.support.in_process import Station


async def feed_on(station: Station) -> tuple[Feed, SqliteListings]:
    """The feed of a station, told of its commits; close the second one."""
    listings = await open_listings(station.data / "emla.db")
    feed = Feed(listings, station.store.read.case_of)
    station.store.real.on_commit(feed.tell)
    return feed, listings


async def all_of(feed: Feed, after: Place | None = None) -> list[Happening]:
    """Everything behind a place."""
    found: list[Happening] = []
    while True:
        step = await feed.step(after)
        found += step.happenings
        after = step.place
        if not step.more:
            return found


@asynccontextmanager
async def feed_at(data: Path, store: SqliteStore) -> AsyncIterator[Feed]:
    """The feed of a gateway that has no station."""
    listings = await open_listings(data / "emla.db")
    feed = Feed(listings, store.read.case_of)
    store.on_commit(feed.tell)
    try:
        yield feed
    finally:
        await listings.close()


def types(found: list[Happening]) -> list[str]:
    """Their types."""
    return [each.type.value for each in found]
