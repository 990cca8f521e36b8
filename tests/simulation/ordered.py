"""Sets that remember their order, in the places of libraries whose sets are gone through: tasks to cancel, connections to close.

The order of a set of such objects is that of their addresses, and two runs of one seed would part there.
"""

import asyncio.taskgroups
from collections.abc import Iterable, Iterator, MutableSet
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import aiohttp.connector


class Ordered(MutableSet[Any]):
    """A set in the order in which its members came."""

    def __init__(self, members: Iterable[Any] = ()) -> None:
        self._members = dict.fromkeys(members)

    def __contains__(self, member: object) -> bool:
        return member in self._members

    def __iter__(self) -> Iterator[Any]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)

    def add(self, value: Any) -> None:
        """Put a member at the end."""
        self._members[value] = None

    def discard(self, value: Any) -> None:
        """Take a member out."""
        self._members.pop(value, None)


@contextmanager
def in_order() -> Iterator[None]:
    """Let the libraries use such sets while this lasts."""
    with (
        patch.object(asyncio.taskgroups, "set", Ordered, create=True),
        patch.object(aiohttp.connector, "set", Ordered, create=True),
    ):
        yield
