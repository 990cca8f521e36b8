"""What comes out of the nursery is waited for as a child is, whoever asks, and a nursery that has ended is replaced."""

import gc
import os
import select
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.commands import AtTerminal, run_emla
from tests.support.nursery import Forked, Nursery, NurseryGoneError, Order, nursery
from tests.support.servers import ROOT

Runs = Callable[[str], Forked]


@pytest.fixture(scope="module")
def kept() -> Iterator[Nursery]:
    one = Nursery.started(ROOT)
    yield one
    one.close()


def fork(kept: Nursery, program: str, tmp_path: Path, *words: str, **environment: str) -> Forked:
    with (tmp_path / "log").open("ab") as log, open(os.devnull) as nothing:  # noqa: PTH123
        order = Order(program=program, words=words, environment=environment, prepared="server")
        return kept.fork(order, (nothing.fileno(), log.fileno(), log.fileno()))


@pytest.fixture
def runs(kept: Nursery, tmp_path: Path) -> Runs:
    return lambda program: fork(kept, program, tmp_path, "said", ONE="1")


def test_a_program_has_its_argument_its_environment_and_its_log(runs: Runs, tmp_path: Path) -> None:
    program = "import os, sys; print(sys.argv[1], dict(os.environ)); sys.exit(7)"
    assert runs(program).wait(30) == 7
    assert (tmp_path / "log").read_text() == "said {'ONE': '1'}\n"


def test_a_signal_ends_it_and_a_wait_ends_before_it_does(runs: Runs) -> None:
    one = runs("import time; time.sleep(60)")
    with pytest.raises(subprocess.TimeoutExpired):
        one.wait(0.05)
    assert one.poll() is None
    one.send_signal(signal.SIGKILL)
    assert (one.wait(), one.poll()) == (-signal.SIGKILL, -signal.SIGKILL)
    one.send_signal(signal.SIGKILL)


def test_several_threads_may_wait_for_one(runs: Runs) -> None:
    one, codes = runs("import time; time.sleep(0.2)"), []
    waiting = [threading.Thread(target=lambda: codes.append(one.wait(30))) for _ in range(8)]
    for each in waiting:
        each.start()
    for each in waiting:
        each.join()
    assert codes == [0] * 8
    assert runs("").wait(30) == 0


def test_one_that_was_left_running_is_told(runs: Runs) -> None:
    one = runs("import time; time.sleep(60)")
    one.send_signal(signal.SIGKILL)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        del one
    assert [each.category for each in told] == [ResourceWarning]


def test_a_nursery_that_has_ended_says_so_and_is_replaced(tmp_path: Path) -> None:
    first = nursery(ROOT)
    one = fork(first, "import time; time.sleep(60)", tmp_path)
    first.close()
    one.send_signal(signal.SIGKILL)
    with pytest.raises(NurseryGoneError):
        one.wait(30)
    one.returncode = 0  # nobody can say
    second = nursery(ROOT)
    assert second is not first
    assert fork(second, "", tmp_path).wait(30) == 0


_PARENT = """
import contextlib, os, socket, sys, time
from pathlib import Path
from emla.sandbox import process
ours, theirs = socket.socketpair()
with theirs:
    child = process.start_program(sys.argv[1], theirs.fileno())
ours.settimeout(20)
parent = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()[1]
def kinds():
    with contextlib.suppress(FileNotFoundError):
        return sorted(os.readlink(each).partition(":")[0] for each in Path(f"/proc/{child.pid}/fd").iterdir())
while len(kinds() or ()) != 4:
    time.sleep(0.01)
print(int(parent) == os.getpid(), kinds(), flush=True)
ours.close()
print(child.wait(), flush=True)
"""


def test_what_grows_from_a_seedbed_is_a_child_of_its_server_and_has_its_socket_alone(
    kept: Nursery, tmp_path: Path
) -> None:
    one = fork(kept, _PARENT, tmp_path, "emla.sandbox.opener_child")
    assert one.wait(30) == 0, (tmp_path / "log").read_text()
    assert (tmp_path / "log").read_text().splitlines() == [
        "True ['/dev/null', '/dev/null', 'pipe', 'socket']",
        "0",
    ]


_FOREIGN = """
import os, socket
from tests.support import seedbed
ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
if os.fork() == 0:
    ours.close()
    seedbed._attend(theirs, 1)
theirs.close()
ours.settimeout(20)
try:
    seedbed._grow(ours, "emla.sandbox.opener_child", os.open(os.devnull, os.O_RDWR))
except OSError as error:
    print("refused:", type(error).__name__, flush=True)
"""


def test_what_its_server_does_not_adopt_ends_and_the_server_is_told(kept: Nursery, tmp_path: Path) -> None:
    one = fork(kept, _FOREIGN, tmp_path)
    assert one.wait(30) == 0, (tmp_path / "log").read_text()
    assert "refused: OSError" in (tmp_path / "log").read_text()


def test_a_server_that_is_killed_leaves_no_seedbed(kept: Nursery, tmp_path: Path) -> None:
    program = "import os, time; print(open(f'/proc/self/task/{os.getpid()}/children').read(), flush=True); time.sleep(60)"
    (tmp_path / "log").touch()
    one = fork(kept, program, tmp_path)
    while not (written := (tmp_path / "log").read_text()).endswith("\n"):
        time.sleep(0.01)
    (seedbed,) = map(int, written.split())
    ended = os.pidfd_open(seedbed)
    one.send_signal(signal.SIGKILL)
    one.wait()
    try:
        assert select.select([ended], [], [], 30)[0]
    finally:
        os.close(ended)


_AT_TERMINAL = """
import os, sys, time
with open("/dev/tty") as own:
    print(own.fileno() > 2, [os.isatty(each) for each in range(3)], os.getcwd(), sys.argv[1:], sys.stdout.encoding)
print(input("So? "))
time.sleep(60)
"""


def at_terminal(folder: Path) -> AtTerminal:
    return AtTerminal(
        Order(program=_AT_TERMINAL, words=("a", "b"), environment={}, folder=str(folder), prepared="command")
    )


def test_a_command_has_its_terminal_to_itself(tmp_path: Path) -> None:
    child = at_terminal(tmp_path)
    child.expect(r"So\? ")
    assert child.before == f"True [True, True, True] {tmp_path} ['a', 'b'] utf-8\r\n"
    child.sendline("só")
    child.expect_exact("só")
    child.sendintr()
    child.expect_exact("KeyboardInterrupt")
    child.wait()
    child.close()
    assert (child.exitstatus, child.signalstatus) == (None, signal.SIGINT)


def test_a_command_whose_terminal_is_closed_is_hung_up(tmp_path: Path) -> None:
    child = at_terminal(tmp_path)
    child.expect(r"So\? ")
    child.close()
    assert child.signalstatus == signal.SIGHUP


def test_a_command_whose_terminal_nobody_has_any_more_is_ended(tmp_path: Path) -> None:
    child = at_terminal(tmp_path)
    child.expect(r"So\? ")
    ended = os.pidfd_open(child.pid)
    del child
    gc.collect()
    try:
        assert select.select([ended], [], [], 30)[0]
    finally:
        os.close(ended)


def test_what_a_command_prints_is_kept_and_one_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    done = run_emla("message", "list", "--data", str(tmp_path))
    assert (done.returncode, done.stdout) == (5, "")
    assert "server-not-running" in done.stderr
    with pytest.raises(subprocess.TimeoutExpired):
        run_emla("0", module="http.server", seconds=0.1)  # it never ends by itself
    assert run_emla("--version").stdout.startswith("emla ")


_COPIED = """
import os, pathlib, subprocess, sys
known = 7  # as a module would be that was changed here
from tests.support import nursery
sys.modules["known"] = sys.modules["__main__"]
nursery.plant()
kept = nursery.nursery(pathlib.Path())
with open(sys.argv[1], "w") as out, open(os.devnull) as nothing:
    order = nursery.Order(program="import known, sys; print(known.known); sys.exit(5)", environment={}, prepared="command")
    print(kept.fork(order, (nothing.fileno(), out.fileno(), out.fileno())).wait(30), kept.lives())
kept.close()
print(pathlib.Path(sys.argv[1]).read_text(), kept.lives())
"""


def test_a_nursery_that_is_a_copy_forks_what_its_process_is(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _COPIED, str(tmp_path / "out")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.split() == ["5", "True", "7", "False"]
