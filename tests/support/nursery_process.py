"""The nursery itself, and how a copy of it becomes a server or a command with a life of its own."""

import contextlib
import fcntl
import functools
import gc
import importlib
import json
import logging
import os
import pkgutil
import signal
import socket
import sys
import termios
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from tests.support import seedbed

_ORDER_BYTES_MAX = 200_000
_STREAMS = (
    ("stdin", "r", "surrogateescape"),
    ("stdout", "w", "surrogateescape"),
    ("stderr", "w", "backslashreplace"),
)
_former: list[object] = []
"""The nursery's own streams: a copy that lost them would write what they still hold into what stands in their place."""


@functools.cache
def _server() -> None:
    for each in ("emla.bootstrap.serve", "tests.support.described"):
        importlib.import_module(each)
    seedbed.prepare()


@functools.cache
def _command() -> None:
    package = importlib.import_module("emla.cli")
    for each in pkgutil.walk_packages(package.__path__, "emla.cli."):
        importlib.import_module(each.name)
    for name in ("emla.bootstrap.serve", "emla.client.client", "tests.support.locking"):
        importlib.import_module(name)


PREPARED: Mapping[str, Callable[[], None]] = {"server": _server, "command": _command}
"""What is imported before the first of its kind is forked."""


def _attend(line: socket.socket) -> tuple[dict[str, object], Sequence[int]]:
    """Answer until nobody asks any more. Returns in a child alone: what it has to be, and its streams."""
    while True:
        asked, descriptors, _, _ = socket.recv_fds(line, _ORDER_BYTES_MAX, len(_STREAMS))
        if not asked:
            sys.exit()
        order = json.loads(asked)
        if "ended" in order:
            _, status = os.waitpid(order["ended"], 0)
            answer = os.waitstatus_to_exitcode(status)
        else:
            PREPARED[order["prepared"]]()
            gc.freeze()  # in what a child gets nothing looks for garbage
            answer = os.fork()
            if answer == 0:
                line.close()
                return order, descriptors
        for each in descriptors:
            os.close(each)
        line.send(str(answer).encode())


def _become(order: Mapping[str, object], descriptors: Sequence[int]) -> None:
    """Give this child streams, a terminal, an environment, a folder, signals and children of its own."""
    for target, source in enumerate(descriptors):
        os.dup2(source, target)
        os.close(source)
    if os.isatty(0):
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    _former.extend((sys.stdin, sys.stdout, sys.stderr))
    for number, (name, mode, errors) in enumerate(_STREAMS):
        by_line = 1 if name == "stderr" or os.isatty(number) else -1
        stream = open(number, mode, by_line, "utf-8", errors, closefd=False)  # noqa: SIM115 - a descriptor, for ever
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    os.environ.clear()
    os.environ.update(order["environment"])  # type: ignore[call-overload]  # it came as such
    time.tzset()
    os.chdir(str(order["folder"] or "."))
    signal.signal(signal.SIGINT, signal.default_int_handler)


def live_here(line: socket.socket) -> NoReturn:
    """Be the nursery in a process that was something else, and end, in a child as well, without what that would do at its end.

    Of a program's own end the streams are written out and its exit code counts; nothing that it registered is called.
    """
    code = 1
    try:
        _forget(line)
        _live(line)
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        if isinstance(ended.code, str):
            print(ended.code, file=sys.stderr)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    except BaseException as error:  # noqa: BLE001 - it ends as a program does
        sys.excepthook(type(error), error, error.__traceback__)
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError):  # nobody reads any more
                stream.flush()
        os._exit(code)


def _forget(line: socket.socket) -> None:
    """Give up what a process of tests has and a program of its own has not: open files, handlers of logs, warnings as errors."""
    logging.root.handlers.clear()
    nothing = os.open(os.devnull, os.O_RDWR)
    for each in [int(path.name) for path in Path("/proc/self/fd").iterdir()]:
        if each > 2 and each not in (line.fileno(), nothing):
            os.dup2(nothing, each)  # not closed: whoever has it may still close it
    warnings.resetwarnings()
    for kind in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
        warnings.simplefilter("ignore", kind)


def _live(line: socket.socket) -> None:
    """Be the nursery, and in a child what was ordered."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    order, descriptors = _attend(line)
    _become(order, descriptors)
    if order["prepared"] == "server":
        seedbed.sow()
    sys.argv = ["-c", *map(str, order["words"])]  # type: ignore[call-overload]  # they came as such
    exec(str(order["program"]), {"__name__": "__main__"})


if __name__ == "__main__":
    _live(socket.socket(fileno=int(sys.argv[1])))
