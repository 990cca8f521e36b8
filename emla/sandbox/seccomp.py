"""A seccomp filter (Linux, x86-64 and aarch64): the few system calls opener and clerk need once everything is loaded.

Here: the list, the classic BPF program made of it, and its installation. Not here: the other measures (`confine.py`).
Rules of this file:
- It is an allow-list. What is not on it fails with EPERM: open, socket, connect, execve, clone, ptrace, kill and the rest.
- Another architecture's calling convention (32-bit calls on x86-64) kills the process: no honest program uses it here.
- Memory that is both writable data and code cannot be made: mmap and mprotect are refused with PROT_EXEC.
- Bytes may be sent on a connected socket only, never to an address: there is one connected socket, the parent's.
- Limits may be changed for the process itself only, because each package gets its own allowance of processor time.
- It binds every thread of the process, those too that a library started before.
"""

import ctypes
import errno
import platform
from dataclasses import dataclass
from struct import pack

_LOAD_WORD, _JUMP_EQUAL, _JUMP_ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06
_ALLOW, _KILL_PROCESS, _REFUSE = 0x7FFF0000, 0x80000000, 0x00050000 | errno.EPERM
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT, _THIRD_ARGUMENT, _FIFTH_ARGUMENT = 0, 4, 16, 32, 48
_PROT_EXEC = 4
_SECCOMP_SET_MODE_FILTER, _SECCOMP_FILTER_FLAG_TSYNC = 1, 1

_FREE = (
    "recvmsg", "read", "write", "writev", "pread64", "getrusage", "futex", "brk", "munmap",
    "mremap", "madvise", "getrandom", "close", "clock_gettime", "gettimeofday", "rt_sigreturn", "rt_sigprocmask",
    "rt_sigaction", "sigaltstack", "sched_yield", "restart_syscall", "fstat", "lseek", "getpid", "gettid",
    "membarrier", "exit", "exit_group",
)  # fmt: skip
"""Calls that are allowed whatever their arguments; the most frequent first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Machine:
    audit: int
    seccomp: int
    """The number of the call that installs a filter; it is not on the list itself."""
    calls: dict[str, int]


_MACHINES = {
    "x86_64": _Machine(
        audit=0xC000003E,
        seccomp=317,
        calls={
            "recvmsg": 47, "sendto": 44, "read": 0, "write": 1, "writev": 20, "pread64": 17,
            "getrusage": 98, "futex": 202, "brk": 12, "munmap": 11, "mremap": 25, "madvise": 28, "getrandom": 318,
            "close": 3, "clock_gettime": 228, "gettimeofday": 96, "rt_sigreturn": 15, "rt_sigprocmask": 14,
            "rt_sigaction": 13, "sigaltstack": 131, "sched_yield": 24, "restart_syscall": 219, "fstat": 5,
            "lseek": 8, "getpid": 39, "gettid": 186, "membarrier": 324, "exit": 60, "exit_group": 231,
            "mmap": 9, "mprotect": 10, "prlimit64": 302,
        },
    ),
    "aarch64": _Machine(
        audit=0xC00000B7,
        seccomp=277,
        calls={
            "recvmsg": 212, "sendto": 206, "read": 63, "write": 64, "writev": 66, "pread64": 67,
            "getrusage": 165, "futex": 98, "brk": 214, "munmap": 215, "mremap": 216, "madvise": 233,
            "getrandom": 278, "close": 57, "clock_gettime": 113, "gettimeofday": 169, "rt_sigreturn": 139,
            "rt_sigprocmask": 135, "rt_sigaction": 134, "sigaltstack": 132, "sched_yield": 124,
            "restart_syscall": 128, "fstat": 80, "lseek": 62, "getpid": 172, "gettid": 178, "membarrier": 283,
            "exit": 93, "exit_group": 94, "mmap": 222, "mprotect": 226, "prlimit64": 261,
        },
    ),
}  # fmt: skip


def _instruction(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return pack("=HBBI", code, if_true, if_false, value)


def _when(number: int, *then: bytes) -> bytes:
    return _instruction(_JUMP_EQUAL, number, 0, len(then)) + b"".join(then)


def program(machine: str) -> bytes | None:
    """The BPF program for a machine as `platform.machine` names it; None where the call numbers are not known."""
    known = _MACHINES.get(machine)
    if known is None:
        return None
    allow, refuse = _instruction(_RETURN, _ALLOW), _instruction(_RETURN, _REFUSE)
    parts = [
        _instruction(_LOAD_WORD, _ARCHITECTURE),
        _instruction(_JUMP_EQUAL, known.audit, 1, 0),
        _instruction(_RETURN, _KILL_PROCESS),
        _instruction(_LOAD_WORD, _NUMBER),
    ]
    parts += [_when(known.calls[name], allow) for name in _FREE]
    executable = (_instruction(_LOAD_WORD, _THIRD_ARGUMENT), _instruction(_JUMP_ANY_BIT, _PROT_EXEC, 1, 0))
    parts += [_when(known.calls[name], *executable, allow, refuse) for name in ("mmap", "mprotect")]
    no_address = (
        _instruction(_LOAD_WORD, _FIFTH_ARGUMENT),
        _instruction(_JUMP_EQUAL, 0, 0, 3),
        _instruction(_LOAD_WORD, _FIFTH_ARGUMENT + 4),
        _instruction(_JUMP_EQUAL, 0, 0, 1),
    )
    parts.append(_when(known.calls["sendto"], *no_address, allow, refuse))
    own_process = (_instruction(_LOAD_WORD, _FIRST_ARGUMENT), _instruction(_JUMP_EQUAL, 0, 0, 1))
    parts += [_when(known.calls["prlimit64"], *own_process, allow, refuse), refuse]
    return b"".join(parts)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def install(libc: ctypes.CDLL) -> str:
    """Bind this process, with all its threads, to the list for ever; `no_new_privs` must be set before.

    Returns:
        Empty when it took effect, else why not.
    """
    known, code = _MACHINES.get(platform.machine()), program(platform.machine())
    if known is None or code is None:
        return f"not written for {platform.machine()}"
    buffer = ctypes.create_string_buffer(code, len(code))
    handed = _Program(len(code) // 8, ctypes.cast(buffer, ctypes.c_void_p))
    # A filter set by prctl would bind this thread alone, and the one that lays out a page is another (typst's).
    failed = libc.syscall(
        known.seccomp, _SECCOMP_SET_MODE_FILTER, _SECCOMP_FILTER_FLAG_TSYNC, ctypes.byref(handed)
    )
    if failed > 0:
        return f"thread {failed} has a filter of its own"
    return errno.errorcode.get(ctypes.get_errno(), "refused") if failed else ""
