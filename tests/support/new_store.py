"""A new store is laid as the copy of one that was migrated once: the same bytes, without its three hundred statements each time.

Tests of the schema, servers in processes of their own and simulations of power cuts run the migrations themselves.
"""

from contextlib import closing
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from emla.store.sqlite import schema


def lay_new_store(path: Path) -> None:
    """Put an empty store there, unless there is one."""
    if not path.exists():
        path.write_bytes(migrated())


@cache
def migrated() -> bytes:
    """The file of a store that was just migrated, and closed."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "emla.db"
        with closing(schema.connect_writer(path)) as connection:
            schema.migrate(connection)
        return path.read_bytes()
