"""Payloads that rot on a disk, and the operator who puts back what a copy has: a byte is another one, or all of it is gone.

Rows are changed through the process's own connection, between two of its transactions: nobody else may write the database.
"""

import os
import random
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from emla.store.files import blob_path
from tests.simulation.node import Node
from tests.simulation.options import Rot

_PAYLOADS = (
    "SELECT p.sha256, p.body FROM payload p JOIN sent s ON s.payload_sha256 = p.sha256 ORDER BY s.id",
    "SELECT p.sha256, p.body FROM payload p JOIN received r ON r.payload_sha256 = p.sha256 ORDER BY r.id",
)
_CHANGE = "UPDATE payload SET body = ? WHERE sha256 = ?"


@dataclass
class Rotten:
    """The rot of one run."""

    chance: random.Random
    _mend: dict[Rot, Callable[[], None]] = field(default_factory=dict)
    _names: dict[Rot, str] = field(default_factory=dict)

    def is_rotten(self, node: str, name: str) -> bool:
        """Whether a payload of a node is not as it was."""
        return any((each.node, found) == (node, name) for each, found in self._names.items())

    def spoil(self, rot: Rot, node: Node) -> bool:
        """Spoil a payload; False when this is not the moment."""
        connection = _between_transactions(node)
        if connection is None:
            return False
        rows = connection.execute(_PAYLOADS[rot.received]).fetchall()
        found = [(name, body) for name, body in rows if not self.is_rotten(node.name, name.hex())]
        if not found:
            return False
        sha256, body = found[self.chance.randrange(len(found))]
        if body is not None:
            return self._spoil_row(rot, node, sha256, body)
        self._spoil_file(rot, node, blob_path(node.data / "blobs", sha256))
        return True

    def _spoil_row(self, rot: Rot, node: Node, sha256: bytes, body: bytes) -> bool:
        def mend() -> None:
            assert node.store is not None
            node.store._connection.execute(_CHANGE, (body, sha256))

        assert node.store is not None
        try:
            node.store._connection.execute(_CHANGE, (None if rot.gone else _other(body), sha256))
        except sqlite3.Error:
            return False
        self._names[rot] = sha256.hex()
        self._mend[rot] = mend
        return True

    def _spoil_file(self, rot: Rot, node: Node, path: Path) -> None:
        whole = path.read_bytes()

        def mend() -> None:
            _write(path, whole)

        self._names[rot] = path.name
        self._mend[rot] = mend
        with suppress(OSError):  # the power may go at that very moment
            if rot.gone:
                path.unlink()
            else:
                _write(path, _other(whole))

    def mend(self, rot: Rot, node: Node) -> bool:
        """Put back what the copy has; False when this is not the moment."""
        if rot not in self._mend:
            return True
        if _between_transactions(node) is None:
            return False
        try:
            self._mend[rot]()
        except (sqlite3.Error, OSError):  # the power went, or the disk failed as it was asked to
            return False
        del self._mend[rot]
        del self._names[rot]
        return True


def _between_transactions(node: Node) -> sqlite3.Connection | None:
    """What a process writes with, unless it is writing, or is ending and has closed it."""
    if node.store is None:
        return None
    connection = node.store._connection
    try:
        return None if connection.in_transaction else connection
    except sqlite3.Error:
        return None


def _other(data: bytes) -> bytes:
    """One byte in the middle is another one, whatever it was."""
    place = len(data) // 2
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
