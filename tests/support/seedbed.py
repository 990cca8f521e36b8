"""Openers and clerks of servers that the nursery forked, forked as well: what they import and compile is there already.

A seedbed is a process beside the server, its child, made before the server has threads, keys or a life of its own. What it forks
becomes a child of the server: the one between them ends at once, and the server adopts orphans. From there on all is as ever:
the same socket, the same first frame, the same confinement, tried before and after, of a process with a memory of its own.

What differs: its command line and environment, as /proc shows them, are those of the nursery, and the server has one child more.
"""

import contextlib
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
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NoReturn

from emla.bootstrap.schema_folder import schema_folder
from emla.sandbox import child, process

_GROWN = ("emla.sandbox.opener_child", "emla.sandbox.clerk_child")
"""What is imported before the first of them is wanted."""
_PR_SET_CHILD_SUBREAPER = 36
_ORDER_BYTES_MAX = 65_536
_SECONDS = 60
"""So long a server waits for its seedbed."""


@functools.cache
def prepare() -> None:
    """Import what they run and compile what they read, in the process that all of this comes from."""
    for each in _GROWN:
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
    """From now on this process, which has one thread, gets its openers and clerks from a seedbed.

    Where the system lets no process adopt orphans they are programs of their own, as ever.
    """
    if ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        return
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    server = os.getpid()
    if os.fork() == 0:
        ours.close()
        _attend(theirs, server)
    theirs.close()
    ours.settimeout(_SECONDS)
    process.start_program = functools.partial(_grow, ours)  # type: ignore[assignment]  # it is asked the same


def _grow(seedbed: socket.socket, program: str, descriptor: int) -> Seedling:
    """Takes the place of `emla.sandbox.process.start_program`.

    Raises:
        OSError: the seedbed forked nothing, or has ended.
    """
    reading, writing = os.pipe()
    stderr = os.fdopen(reading, "rb")
    try:
        order = {"program": program, "environment": process.child_environment()}
        socket.send_fds(seedbed, [json.dumps(order).encode()], [descriptor, writing])
        pid = int(seedbed.recv(32) or b"0")
        if not pid:
            raise OSError(f"{program} was not forked.")
    except BaseException:
        stderr.close()
        raise
    finally:
        os.close(writing)
    return Seedling(pid, stderr)


def _attend(orders: socket.socket, server: int) -> NoReturn:
    """Fork what is ordered until the server has ended. Ctrl-C at the server's terminal is for the server."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        order, descriptors, _, _ = socket.recv_fds(orders, _ORDER_BYTES_MAX, 2)
        if not order:
            os._exit(0)
        between = os.fork()
        if between == 0:
            try:
                own = os.getpid()
                if os.fork() == 0:
                    _become(orders, own, server, *descriptors, **json.loads(order))
            except BaseException:  # noqa: BLE001 - a copy of a seedbed is none
                traceback.print_exc()
                with contextlib.suppress(OSError):  # nobody waits for an answer any more
                    orders.send(b"0")
                os._exit(1)
            os._exit(0)
        os.waitpid(between, 0)
        for each in descriptors:
            os.close(each)


def _become(
    orders: socket.socket,
    between: int,
    server: int,
    descriptor: int,
    errors: int,
    *,
    program: str,
    environment: dict[str, str],
) -> NoReturn:
    """Live as the program does that was started by itself."""
    while (parent := os.getppid()) == between:
        time.sleep(0.0002)
    if parent != server:
        raise ChildProcessError(
            "Not the server adopted it: it has ended, or this system lets it adopt nobody."
        )
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDWR)
    for source, target in ((nothing, 0), (nothing, 1), (errors, 2)):
        os.dup2(source, target)
    for each in [int(path.name) for path in Path("/proc/self/fd").iterdir()]:
        if each > 2 and each not in (descriptor, orders.fileno()):
            with contextlib.suppress(OSError):  # the listing's own
                os.close(each)
    os.environ.clear()
    os.environ.update(environment)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = [program, str(descriptor)]
    found = importlib.util.find_spec(program)
    assert found
    assert found.loader
    code = found.loader.get_code(program)  # type: ignore[attr-defined]  # it is a file's
    orders.send(str(os.getpid()).encode())
    orders.close()
    try:
        exec(code, {"__name__": "__main__"})
    except BaseException:  # noqa: BLE001 - it ends as a program does
        traceback.print_exc()
    finally:
        os._exit(1)
