"""Ports of loopback for servers that start later, stop, and start again.

A port that the system chooses lies where it also takes the near ends of connections from. Between choosing it and listening on
it, or while its server is down, any connection of any process may get it: the server then does not start; or whoever calls
the server that is down is connected to itself. So ports are taken from below that range, and each process has some of its own: an
abstract socket, which ends with its process, says which.
"""

import contextlib
import itertools
import os
import socket
from collections.abc import Iterator
from functools import cache
from pathlib import Path

_FIRST, _EACH = 10_000, 200
_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
_held: list[socket.socket] = []


def free_port() -> int:
    """A port of loopback that nobody listens on, and that nobody else is given by this function."""
    for port in itertools.islice(_ports(), _EACH):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port
    raise AssertionError("every port of this process is taken")


@cache
def _ports() -> Iterator[int]:
    """The ports of this process, again and again."""
    first = _first_of_this_process()
    return itertools.cycle(range(first, first + _EACH))


def _first_of_this_process() -> int:
    """The first port of a block that no other process holds."""
    end = int(_EPHEMERAL.read_text(encoding="ascii").split()[0])
    blocks = range(_FIRST, end - _EACH, _EACH)
    # Not all begin at the same one: claiming is quick then.
    for step in range(len(blocks)):
        first = blocks[(os.getpid() + step) % len(blocks)]
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind(f"\0emla tests {first}")
        except OSError:
            claim.close()
            continue
        _held.append(claim)
        return first
    raise AssertionError("other processes hold every block of ports")
