"""What the folder of a simulated gateway knows, running or not, after a power cut and at the end."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import apsw

from emla.bootstrap.own import DATABASE
from emla.model.acknowledgement import Event
from emla.store.files import blob_path
from tests.simulation.apsw_connection import OPENED_TO_READ, ApswConnection
from tests.support.books import damage_in


@contextmanager
def reading_beside(data: Path) -> Iterator[ApswConnection]:
    """The database of a data folder whose gateway may be running in this process, read-only.

    By the same SQLite as the gateway's: two of them in one process do not see each other's locks, and the second one to open a
    database takes itself for the first, and makes the index of the WAL anew under the other's hands.
    """
    uri = f"{(data / DATABASE).absolute().as_uri()}?mode=ro"
    with closing(apsw.Connection(uri, flags=OPENED_TO_READ)) as connection:
        yield ApswConnection(connection)


def damage_of(data: Path) -> list[str]:
    """What SQLite itself finds wrong in a folder."""
    with reading_beside(data) as database:
        return damage_in(database)


def acknowledgements_in(data: Path) -> dict[tuple[bytes, Event], bytes]:
    """Every bundle that the authority of a folder has issued, or holds."""
    with reading_beside(data) as database:
        rows = database.execute("SELECT pid, event, bundle FROM acknowledgement").fetchall()
    return {(pid, Event(event)): bundle for pid, event, bundle in rows}


def kept_in(data: Path) -> set[bytes]:
    """The ids of the packages that lie in a folder: received ones, and those in mailboxes."""
    with reading_beside(data) as database:
        rows = database.execute("SELECT pid FROM received UNION SELECT ref FROM mailbox_item").fetchall()
    return {row[0] for row in rows}


def shown_by(name: str, data: Path) -> dict[tuple[bytes, Event], bytes]:
    """Every bundle in a folder that another authority has issued."""
    with reading_beside(data) as database:
        sql = "SELECT pid, event, bundle FROM acknowledgement WHERE by = ?"
        rows = database.execute(sql, (name,)).fetchall()
    return {(pid, Event(event)): bundle for pid, event, bundle in rows}


def missing_blobs(data: Path) -> list[str]:
    """Payloads that a row points to and no file holds whole."""
    with reading_beside(data) as database:
        rows = database.execute("SELECT sha256, size FROM payload WHERE body IS NULL").fetchall()
    found = []
    for sha256, size in rows:
        path = blob_path(data / "blobs", sha256)
        if not path.is_file() or path.stat().st_size != size:
            found.append(path.name)
    return found
