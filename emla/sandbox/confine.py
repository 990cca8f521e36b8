"""Confinement: a process gives up, for ever, whatever the opener does not need. Each measure reports whether it took effect.

Rules of this file:
- `shield` comes first, before any secret is in memory; `confine` last, when every file is read and every module loaded.
- No measure is trusted alone: no network by namespace and by filter, no new process by limit and by filter.
- A measure the kernel refuses is reported and not fatal: a container may forbid namespaces, and `emla doctor` shows it.
"""

import ctypes
import errno
import os
import resource
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from emla.sandbox import seccomp

OPEN_FILES = 64
"""Descriptors: the socket, the three standard ones, and the payloads that were sent ahead."""

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38
_CLONE_NEWIPC, _CLONE_NEWUSER, _CLONE_NEWNET = 0x08000000, 0x10000000, 0x40000000
_CAPABILITY_VERSION_3 = 0x20080522


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One measure: its name, whether it took effect, and what it does or why it did not."""

    name: str
    effective: bool
    detail: str


class NotConfinedError(Exception):
    """A measure could not be taken; says why."""


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _call(function: str, *arguments: int | bytes) -> None:
    """Call libc; its failure is a measure not taken."""
    try:
        failed = getattr(_libc(), function)(*arguments)
    except AttributeError:
        raise NotConfinedError("this system has no such call") from None
    if failed:
        raise NotConfinedError(errno.errorcode.get(ctypes.get_errno(), "refused"))


def _take(name: str, detail: str, act: Callable[[], None]) -> Measure:
    try:
        act()
    except (NotConfinedError, OSError, ValueError) as error:
        return Measure(name=name, effective=False, detail=str(error))
    return Measure(name=name, effective=True, detail=detail)


def _prctl(option: int, value: int) -> Callable[[], None]:
    return lambda: _call("prctl", option, value, 0, 0, 0)


def _limit(which: int, most: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(which, (most, most))


def keep_memory_in() -> tuple[Measure, ...]:
    """Before secrets are read, in every process that reads them: no core dump, no debugger."""
    return (
        _take("core", "no core dump", _limit(resource.RLIMIT_CORE, 0)),
        _take("dumpable", "no debugger, closed /proc entry", _prctl(_PR_SET_DUMPABLE, 0)),
    )


def shield() -> tuple[Measure, ...]:
    """Before secrets are read by the opener: its memory stays in it, and it has no life after its parent's."""
    return (
        *keep_memory_in(),
        _take("parent", "dies with its parent", _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)),
    )


def confine(memory_bytes: int) -> tuple[Measure, ...]:
    """Give up network, files, processes, privileges and all memory above `memory_bytes`, for ever.

    Args:
        memory_bytes: the most private memory the process may have, what it has already included.
    """
    return (
        leave_the_network(),
        drop_capabilities(),
        *_memory(memory_bytes),
        _take("files", "cannot write to a file", _limit(resource.RLIMIT_FSIZE, 0)),
        _take("descriptors", f"at most {OPEN_FILES} descriptors", _limit(resource.RLIMIT_NOFILE, OPEN_FILES)),
        _take("processes", "no new process", _limit(resource.RLIMIT_NPROC, 0)),
        # A change of credentials, as the namespace is, makes a process dumpable and lets it outlive its parent: once more.
        *shield(),
        _take("privileges", "no program gives it rights", _prctl(_PR_SET_NO_NEW_PRIVS, 1)),
        _take("system calls", "only those it needs; none opens a file, socket or process", _filter_calls),
    )


def leave_the_network() -> Measure:
    """Give up the network. By itself for a process that starts threads before it can be confined: after that the kernel refuses a
    namespace of users, without which only root may have one of the network.
    """
    return _take("network", "a network namespace of its own, empty", _leave_the_network)


def drop_capabilities() -> Measure:
    """Give up every right that root has beyond others. By itself for the same process: a thread keeps those it began with."""
    return _take("capabilities", "no capabilities", _drop_capabilities)


def _leave_the_network() -> None:
    try:
        # With a user namespace this works without rights, and takes from root what root may do outside.
        _call("unshare", _CLONE_NEWUSER | _CLONE_NEWNET | _CLONE_NEWIPC)
    except NotConfinedError:
        _call("unshare", _CLONE_NEWNET | _CLONE_NEWIPC)


def _drop_capabilities() -> None:
    header = _CAPABILITY_VERSION_3.to_bytes(4, "little") + bytes(4)
    _call("capset", header, bytes(24))


def _memory(memory_bytes: int) -> tuple[Measure, ...]:
    """Bound what the process can allocate.

    RLIMIT_DATA counts private writable memory (Linux 4.7), which is what a hostile document makes grow; RLIMIT_AS, above what
    is mapped now, stops the rest, for example shared memory.
    """

    def everything() -> None:
        mapped = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * os.sysconf(
            "SC_PAGESIZE"
        )
        _limit(resource.RLIMIT_AS, mapped + memory_bytes)()

    size = f"{memory_bytes // 1024**2} MiB"
    return (
        _take("address space", f"{size} above what is loaded", everything),
        _take("memory", f"at most {size}", _limit(resource.RLIMIT_DATA, memory_bytes)),
    )


def _filter_calls() -> None:
    refused = seccomp.install(_libc())
    if refused:
        raise NotConfinedError(refused)


def allow_processor_seconds(seconds: int) -> None:
    """Let this process use `seconds` more of processor time than it has used; then the kernel ends it (SIGXCPU)."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = int(used.ru_utime + used.ru_stime) + 1 + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (most, resource.RLIM_INFINITY))
