"""A gateway inside the test: real store on a folder, real blobs, real steps; clock and entropy belong to the test."""

import asyncio
import os
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from emla.flow.documents.peers import root_fingerprint
from emla.flow.gateway import Directory, Gateway, Identity, Peer
from emla.formats import acknowledgement as form
from emla.formats.acknowledgement import encode_bundle
from emla.formats.export import encode_export
from emla.ledger.batch import LedgerKey
from emla.model.acknowledgement import Event
from emla.model.errors import EmlaError, StoreError
from emla.model.settings import PeerSettings, Settings, StoreSettings
from emla.ports.documents import PeerRow
from emla.steps.acknowledge import Subject, acknowledge
from emla.store.files import FileBlobs
from emla.store.sqlite.store import SqliteStore, open_store
from tests.support.acknowledging import record
from tests.support.authorities import NOW, Party, derived
from tests.support.new_store import lay_new_store
from tests.support.patience import PATIENCE_SECONDS

CONTENT_KEY = derived("content key")


@dataclass
class TurnedClock:
    """A clock that stands until the test turns it."""

    at: float = NOW + 10.0

    def now(self) -> float:
        return self.at

    def steady(self) -> float:
        return self.at


@dataclass
class RunningClock(TurnedClock):
    """A clock that runs, from an instant at which the test's keys are valid."""

    begun: float = field(default_factory=time.monotonic)

    def now(self) -> float:
        return self.at + time.monotonic() - self.begun

    def steady(self) -> float:
        return self.now()


@dataclass
class SetForward(TurnedClock):
    """A clock whose hands a test sets forward (`at`), while only so much time passes as it says (`passed`)."""

    passed: float = 0.0

    def steady(self) -> float:
        return self.passed


class MemorySource:
    """A body in memory, as journeys read it."""

    def __init__(self, data: bytes, *, short: EmlaError, size: int | None = None) -> None:
        self._data = data
        self._short = short
        self.size = len(data) if size is None else size
        self.read_bytes = 0

    async def read_exactly(self, size: int) -> bytes:
        """Read so many bytes."""
        await asyncio.sleep(0)
        piece, self._data = self._data[:size], self._data[size:]
        if len(piece) < size:
            raise self._short
        self.read_bytes += size
        return piece


@dataclass
class Home:
    """One authority's gateway in a test."""

    party: Party
    data: Path
    gateway: Gateway
    store: SqliteStore
    blobs: FileBlobs
    clock: TurnedClock
    failures: list[StoreError] = field(default_factory=list)

    def count(self, table: str) -> int:
        return rows(self.data)[table]

    def contents(self) -> dict[str, int]:
        """Every table with rows, and how many; `files` are payload and temporary files. Empty when nothing was kept."""
        files = {"files": len(self.leftovers())}
        return {
            name: number
            for name, number in (rows(self.data) | files).items()
            if number and name != "migration"
        }

    def leftovers(self) -> list[Path]:
        """Every payload file and temporary file."""
        return leftovers(self.data)


def ledger_key(party: Party) -> LedgerKey:
    return LedgerKey(
        origin=party.authority.card.ledger_origin, public=party.ledger.public, sign=party.ledger.sign
    )


def peer_row(party: Party) -> PeerRow:
    """A peer as it is pinned."""
    return PeerRow(
        authority=party.id,
        documents=encode_export(party.authority.documents),
        pin_version=party.authority.root.version,
        pin_sha256=party.authority.root_sha256,
        fingerprint=root_fingerprint(party.authority),
        pinned_at=NOW,
    )


@asynccontextmanager
async def opened(
    data: Path,
    party: Party,
    *peers: Party,
    clock: TurnedClock | None = None,
    window: int = 32,
    floor_bytes: int = 0,
    entropy: Callable[[int], bytes] = os.urandom,
) -> AsyncIterator[Home]:
    """A gateway on a folder; opened again on the same folder it finds what was there."""
    data.mkdir(exist_ok=True)
    clock = clock or TurnedClock()
    lay_new_store(data / "emla.db")
    store = open_store(data / "emla.db", ledger_key(party))
    blobs = FileBlobs(data, os.urandom)
    gateway = Gateway(
        identity=Identity(authority=party.authority, signer=party.sign, content_key=CONTENT_KEY),
        directory=Directory({each.id: Peer(authority=each.authority, row=peer_row(each)) for each in peers}),
        store=store,
        blobs=blobs,
        clock=clock,
        entropy=entropy,
        settings=Settings(
            data=data,
            peer=PeerSettings(transfers_per_peer=window),
            store=StoreSettings(disk_floor_bytes=floor_bytes, disk_floor_percent=0),
        ),
    )
    home = Home(party, data, gateway, store, blobs, clock)
    store.start(on_failure=home.failures.append)
    try:
        yield home
    finally:
        await store.close()


def rows(data: Path) -> dict[str, int]:
    """How many rows each table holds, read from the file."""
    connection = sqlite3.connect(f"{(data / 'emla.db').as_uri()}?mode=ro", uri=True)
    try:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return {name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in names}
    finally:
        connection.close()


def select(data: Path, sql: str, *values: object) -> list[tuple[object, ...]]:
    """Read from a gateway's database, running or not."""
    connection = sqlite3.connect(f"{(data / 'emla.db').as_uri()}?mode=ro", uri=True)
    try:
        return [tuple(row) for row in connection.execute(sql, values)]
    finally:
        connection.close()


def leftovers(data: Path) -> list[Path]:
    """Every payload file and temporary file of a data folder."""
    folders = (data / "blobs", data / "tmp")
    return [path for folder in folders for path in folder.rglob("*") if path.is_file()]


def answer_of(
    issuer: Party, subject: Subject, event: Event, *, at: int = NOW + 20, reason: str | None = None
) -> bytes:
    """A bundle that a peer answers: signed by it, with a place in its ledger."""
    issued = acknowledge(
        event, subject, by=issuer.id, card=issuer.card, at=at, signer=issuer.sign, reason=reason
    )
    return encode_bundle(record(issuer, issued.signed))


def acknowledgement_id_of(bundle: bytes) -> bytes:
    """The id under which a bundle is pushed."""
    return form.acknowledgement_id(form.decode_signed(form.decode_bundle(bundle).signed).payload)


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something is so; what is so late that nobody waits for it any more fails the test."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():
            await asyncio.sleep(0.01)
