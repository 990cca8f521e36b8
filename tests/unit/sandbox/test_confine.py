"""From inside a confined process nothing leads out: each way is tried in a real process, before and after confinement."""

import ctypes
import json
import os
import platform
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from emla.sandbox import seccomp
from tests.support.opener_packages import REPOSITORY

_PROBES = """
import ctypes, json, mmap, os, resource, signal, socket, subprocess, sys, threading, time
from emla.sandbox.confine import allow_processor_seconds, confine, shield

libc = ctypes.CDLL(None, use_errno=True)
inherited, other_end = socket.socketpair()

def libc_call(name, *arguments):
    if getattr(libc, name)(*arguments) < 0:
        raise OSError(ctypes.get_errno(), name)

def connect():
    with socket.socket() as line:
        line.connect(("127.0.0.1", 9))

def reach_out_by_an_inherited_socket():
    old.sendto(b"x", ("192.0.2.1", 9))

old = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

PROBES = {
    "read a file": lambda: open("/etc/hostname").close(),
    "write a file": lambda: open("/tmp/emla-probe", "w").close(),
    "list a folder": lambda: os.listdir("/"),
    "look at a file": lambda: os.stat("/etc/hostname"),
    "remove a file": lambda: os.unlink("/tmp/emla-probe"),
    "open a network socket": lambda: socket.socket().close(),
    "open a unix socket": lambda: socket.socket(socket.AF_UNIX).close(),
    "resolve a name": lambda: libc_call("open", b"/etc/resolv.conf", 0),
    "start a program": lambda: os.execv("/bin/true", ["true"]) if "confined" in sys.argv else None,
    "fork": lambda: os.waitpid(os.fork() or os._exit(0), 0),
    "start a subprocess": lambda: subprocess.run(["/bin/true"]),
    "start a thread": lambda: threading.Thread(target=lambda: None).start(),
    "signal another process": lambda: os.kill(os.getppid(), 0),
    "trace": lambda: libc_call("ptrace", 0, 0, 0, 0),
    "make executable memory": lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_WRITE | mmap.PROT_EXEC).close(),
    "become dumpable": lambda: libc_call("prctl", 4, 1, 0, 0, 0),
    "limit another process": lambda: resource.prlimit(os.getppid(), resource.RLIMIT_CORE),
    "raise its memory": lambda: resource.setrlimit(resource.RLIMIT_DATA, (1 << 40, 1 << 40)),
    "mount": lambda: libc_call("unshare", 0),
}
"""

_TRY_ALL = (
    _PROBES
    + """
def outcome(probe):
    try:
        probe()
    except OSError as error:
        return "EPERM" if error.errno == 1 else str(error)
    except (ValueError, RuntimeError) as error:
        return "EPERM" if "not allowed to raise" in str(error) or "can't start new thread" in str(error) else str(error)
    return "possible"

measures = []
if "confined" in sys.argv:
    shield()
    measures = [(each.name, each.effective, each.detail) for each in confine(128 << 20)]
results = {name: outcome(probe) for name, probe in PROBES.items()}
try:
    reach_out_by_an_inherited_socket()
    results["inherited"] = "possible"
except OSError:
    results["inherited"] = "EPERM"
try:
    bytearray(200 << 20)
    results["memory"] = "possible"
except MemoryError:
    results["memory"] = "EPERM"
inherited.send(b"ping")
assert other_end.recvmsg(4)[0] == b"ping"
print(json.dumps([results, measures]), flush=True)
os._exit(0)
"""
)


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script, *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )


def probe(*arguments: str) -> tuple[dict[str, str], list[tuple[str, bool, str]]]:
    done = run(_TRY_ALL, *arguments)
    assert done.returncode == 0, done.stderr
    results, measures = json.loads(done.stdout)
    return results, measures


@pytest.fixture(scope="module")
def confined() -> tuple[dict[str, str], list[tuple[str, bool, str]]]:
    return probe("confined")


@pytest.fixture(scope="module")
def free() -> dict[str, str]:
    return probe()[0]


WAYS_OUT = (
    "read a file",
    "write a file",
    "list a folder",
    "look at a file",
    "remove a file",
    "open a network socket",
    "open a unix socket",
    "resolve a name",
    "start a program",
    "fork",
    "start a subprocess",
    "start a thread",
    "signal another process",
    "trace",
    "make executable memory",
    "become dumpable",
    "limit another process",
    "raise its memory",
    "mount",
    "memory",
)


@pytest.mark.parametrize("way", WAYS_OUT)
def test_a_confined_process_cannot(
    way: str, confined: tuple[dict[str, str], list[tuple[str, bool, str]]], free: dict[str, str]
) -> None:
    assert confined[0][way] == "EPERM"
    if way not in ("raise its memory", "trace", "resolve a name"):
        assert free[way] == "possible", "the probe itself works where nothing forbids it"


def test_a_socket_that_was_open_before_leads_nowhere(
    confined: tuple[dict[str, str], list[tuple[str, bool, str]]],
) -> None:
    assert confined[0]["inherited"] == "EPERM"


def test_every_measure_reports_whether_it_took_effect(
    confined: tuple[dict[str, str], list[tuple[str, bool, str]]],
) -> None:
    measures = {name: effective for name, effective, _ in confined[1]}
    assert set(measures) == {
        "network",
        "capabilities",
        "address space",
        "memory",
        "files",
        "descriptors",
        "processes",
        "core",
        "dumpable",
        "parent",
        "privileges",
        "system calls",
    }
    assert all(effective for name, effective in measures.items() if name != "network"), confined[1]


def test_a_measure_the_system_refuses_is_reported_with_the_reason() -> None:
    done = run(
        "from emla.sandbox.confine import _take, _call\n"
        "m = _take('x', 'done', lambda: _call('prctl', 9999, 0, 0, 0, 0))\n"
        "n = _take('y', 'done', lambda: _call('no_such_call_anywhere'))\n"
        "print(m.effective, m.detail, n.effective, n.detail)"
    )
    assert done.stdout.strip() == "False EINVAL False this system has no such call"


def test_the_kernel_ends_a_process_that_uses_up_its_processor_time() -> None:
    done = run("from emla.sandbox.confine import allow_processor_seconds as a\na(1)\nwhile True: pass")
    assert done.returncode == -signal.SIGXCPU


def test_a_new_allowance_counts_from_what_is_used() -> None:
    done = run(
        "import resource, time\n"
        "from emla.sandbox.confine import allow_processor_seconds as a\n"
        "a(5)\nfirst = resource.getrlimit(resource.RLIMIT_CPU)[0]\n"
        "begun = time.process_time()\nwhile time.process_time() - begun < 1.1: pass\n"
        "a(5)\nprint(first, resource.getrlimit(resource.RLIMIT_CPU)[0])"
    )
    first, second = map(int, done.stdout.split())
    assert second > first


def test_the_filter_is_a_whole_program_on_each_machine_it_names() -> None:
    for machine in ("x86_64", "aarch64"):
        code = seccomp.program(machine)
        assert code is not None
        assert len(code) % 8 == 0
        assert len(code) // 8 < 4096
        assert all(_stays_inside(code, place) for place in range(0, len(code), 8))


def _stays_inside(code: bytes, place: int) -> bool:
    """No jump leads behind the last instruction, which returns."""
    furthest = max(code[place + 2], code[place + 3]) if code[place] & 7 == 5 else 0
    return place + 8 * (furthest + 1) <= len(code)


def test_an_unknown_machine_has_no_filter_and_says_so() -> None:
    assert seccomp.program("pdp11") is None


def test_the_numbers_of_the_calls_are_those_of_the_kernel() -> None:
    """A wrong number would allow another call. The kernel's own headers are compared where they are installed."""
    calls = seccomp._MACHINES[platform.machine()].calls
    kernel = ctypes.CDLL(None)
    assert kernel.syscall(calls["getpid"]) == os.getpid()
    assert kernel.syscall(calls["gettid"]) == threading.get_native_id()
    headers = {
        "aarch64": (Path("/usr/include/asm-generic/unistd.h"), r"#define __NR(?:3264)?_(\w+) (\d+)"),
        "x86_64": (Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"), r"#define __NR_(\w+) (\d+)"),
    }
    for machine, (path, pattern) in headers.items():
        if path.exists():
            numbers = {name: int(number) for name, number in re.findall(pattern, path.read_text())}
            for name, number in seccomp._MACHINES[machine].calls.items():
                assert numbers[name] == number, (machine, name)
