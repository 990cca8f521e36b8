"""Openers and clerks of servers that the nursery forked, forked as well: what they import and compile is there already.

A seedbed is a process beside the server, its child, made before the server has threads, keys or a life of its own. What it forks
becomes a child of the server: the one between them ends at once, and the server adopts orphans. From there on all is as ever:
the same socket, the same first frame, the same confinement, tried before and after, of a process with a memory of its own.

What differs: its command line and environment, as /proc shows them, are those of the nursery, and the server has one child more.
"""

import ctypes
import functools
import gc
import importlib.util
import json
import os
import signal
import socket
import sys
import time
from dataclasses import dataclass
from typing import BinaryIO, NoReturn

from emla.bootstrap.schema_folder import schema_folder
from emla.sandbox import child, process

GROWN = ("emla.sandbox.opener_child", "emla.sandbox.clerk_child")
"""What is imported before the first of them is wanted."""
_PR_SET_CHILD_SUBREAPER = 36
_ORDER_BYTES_MAX = 65_536


@functools.cache
def prepare() -> None:
    """Import what they run and compile what they read, in the process that all of this comes from."""
    for each in GROWN:
        importlib.import_module(each)
    compiled = functools.cache(child.load_schemas)
    child.load_schemas = compiled
    compiled(schema_folder())
    gc.freeze()


@dataclass(slots=True)
class Seedling:
    """A child of this process that its seedbed forked; asked as a `subprocess.Popen` is."""

    pid: int
    stderr: BinaryIO

    def kill(self) -> None:
        """End it."""
        os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        """What it ended with, below 0 the signal."""
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def sow() -> None:
    """From now on this process, which has one thread, gets its openers and clerks from a seedbed."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "This system lets no process adopt orphans.")
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    server = os.getpid()
    if os.fork() == 0:
        ours.close()
        _attend(theirs, server)
    theirs.close()
    process.start_program = functools.partial(_grow, ours)  # type: ignore[assignment]  # it is asked the same


def _grow(seedbed: socket.socket, program: str, descriptor: int) -> Seedling:
    """Takes the place of `emla.sandbox.process.start_program`."""
    reading, writing = os.pipe()
    order = {"program": program, "environment": process.child_environment()}
    socket.send_fds(seedbed, [json.dumps(order).encode()], [descriptor, writing])
    os.close(writing)
    return Seedling(int(seedbed.recv(32)), os.fdopen(reading, "rb"))


def _attend(orders: socket.socket, server: int) -> NoReturn:
    """Fork what is ordered until the server has ended."""
    while True:
        order, descriptors, _, _ = socket.recv_fds(orders, _ORDER_BYTES_MAX, 2)
        if not order:
            os._exit(0)
        between = os.fork()
        if between == 0:
            if os.fork() == 0:
                _become(orders, server, *descriptors, **json.loads(order))
            os._exit(0)
        os.waitpid(between, 0)
        for each in descriptors:
            os.close(each)


def _become(
    orders: socket.socket,
    server: int,
    descriptor: int,
    errors: int,
    *,
    program: str,
    environment: dict[str, str],
) -> NoReturn:
    """Live as the program does that was started by itself."""
    while os.getppid() != server:
        time.sleep(0.0002)
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDWR)
    for source, target in ((nothing, 0), (nothing, 1), (errors, 2)):
        os.dup2(source, target)
    end = 3
    for kept in sorted((descriptor, orders.fileno())):
        os.closerange(end, kept)
        end = kept + 1
    os.closerange(end, os.sysconf("SC_OPEN_MAX"))
    orders.send(str(os.getpid()).encode())
    orders.close()
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = [program, str(descriptor)]
    found = importlib.util.find_spec(program)
    assert found
    assert found.loader
    try:
        exec(found.loader.get_code(program), {"__name__": "__main__"})  # type: ignore[attr-defined]  # it is a file's
    finally:
        os._exit(1)
