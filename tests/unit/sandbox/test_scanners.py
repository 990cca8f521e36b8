"""The ministry's scanner behind its port: the real ClamAV in both forms, and whatever fails. Nothing but "clean" is clean."""

import asyncio
import contextlib
import os
import shlex
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from emla.model.errors import ConfigurationError, StoreError
from emla.model.scan import Scanned, ScanVerdict, found_name
from emla.model.settings import ScannerSettings
from emla.ports.scanner import Scanner
from emla.sandbox import landlock
from emla.sandbox.scan_clamd import ClamdScanner, read_answer
from emla.sandbox.scan_command import MEMORY, CommandScanner, sweep
from emla.sandbox.scanners import make_scanner, scan_nothing_bad, scan_test_file
from tests.support.patience import PATIENCE_SECONDS
from tests.support.scanning import CLEAN, FOUND, MALWARE, clamd, clamscan, make_database, pieces, there

INFECTED, FAILED, TOO_LARGE = ScanVerdict.INFECTED, ScanVerdict.FAILED, ScanVerdict.TOO_LARGE
LARGE = [b"nothing bad " * 20_000] * 4


def command(words: str, data: Path, *, found: int = 1) -> Scanner:
    scanner = make_scanner(
        ScannerSettings(command=words, found_status=found, seconds=int(PATIENCE_SECONDS)), data
    )
    assert scanner is not None
    return scanner


def script(text: str, data: Path, *, found: int = 1) -> Scanner:
    return command(shlex.join(["/bin/sh", "-c", text]), data, found=found)


async def of(scanner: Scanner, *some: bytes) -> Scanned:
    return await scanner.scan(pieces(*some), sum(map(len, some)))


# --- the real programs ---


@pytest.mark.needs("clamscan")
@pytest.mark.parametrize("file", ["-", "{file}"])
async def test_clamscan_finds_what_is_bad_and_lets_the_rest_pass(tmp_path: Path, file: str) -> None:
    scanner = command(clamscan(make_database(tmp_path / "signatures"), file), tmp_path / "data")
    assert await scan_test_file(scanner) == Scanned(
        verdict=INFECTED, detail="Eicar-Test-Signature.UNOFFICIAL"
    )
    assert await scan_nothing_bad(scanner) == CLEAN
    assert await of(scanner) == CLEAN  # of no bytes at all
    assert await of(scanner, *LARGE) == CLEAN
    # In the last piece, across the border of two.
    assert await of(scanner, *LARGE, MALWARE[:10], MALWARE[10:]) == Scanned(verdict=INFECTED, detail=FOUND)


@pytest.mark.needs("clamscan")
async def test_clamscan_without_signatures_fails(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    scanner = command(clamscan(tmp_path / "empty"), tmp_path / "data")
    assert (await scan_nothing_bad(scanner)).verdict is FAILED


@pytest.mark.needs("clamd")
async def test_clamd_finds_what_is_bad_lets_the_rest_pass_and_says_what_is_too_large(tmp_path: Path) -> None:
    with clamd(tmp_path) as socket:
        await there(socket)
        scanner = ClamdScanner(str(socket), int(PATIENCE_SECONDS))
        assert (await scan_test_file(scanner)).verdict is INFECTED
        assert await scan_nothing_bad(scanner) == CLEAN
        assert await of(scanner) == CLEAN
        assert await of(scanner, *LARGE) == CLEAN
        assert await of(scanner, *LARGE[:3], MALWARE) == Scanned(verdict=INFECTED, detail=FOUND)
        # It hangs up in the middle, and what it said before is heard.
        assert (await of(scanner, *LARGE, *LARGE, *LARGE)).verdict is TOO_LARGE
        assert await asyncio.gather(*(of(scanner, b"x" * each) for each in range(1, 9))) == [CLEAN] * 8


# --- a program that is not what it should be ---

SCRIPTS = {
    "dies": ("cat >/dev/null; kill -9 $$", "signal 9"),
    "fails": ("cat >/dev/null; exit 2", "status 2"),
    "says clean without a look": ("exit 0", "has not read"),
    "reads a little and says clean": ("head -c 10 >/dev/null; exit 0", "has not read"),
}


@pytest.mark.parametrize(("text", "why"), SCRIPTS.values(), ids=SCRIPTS)
async def test_a_program_that_does_not_do_its_work_is_no_clean_part(
    tmp_path: Path, text: str, why: str
) -> None:
    scanned = await of(script(text, tmp_path), *LARGE)
    assert scanned.verdict is FAILED
    assert why in scanned.detail


@pytest.mark.parametrize("words", ["/no/such/program", "/etc/passwd", "/"])
async def test_a_program_that_cannot_be_started_fails(tmp_path: Path, words: str) -> None:
    scanned = await of(command(words, tmp_path), *LARGE)
    assert scanned.verdict is FAILED
    assert "cannot be started" in scanned.detail


async def test_a_program_that_hangs_is_ended_with_what_it_started(tmp_path: Path) -> None:
    nap = f"200.{os.getpid()}"  # nobody else sleeps exactly so long
    words = ("/bin/sh", "-c", f"cat >/dev/null; sleep {nap} & wait")
    scanner = CommandScanner(words, found_status=1, seconds=1, closed=tmp_path)
    scanned = await of(scanner, b"x")
    assert scanned == Scanned(verdict=FAILED, detail="The scanner took more than 1 s.")
    async with asyncio.timeout(PATIENCE_SECONDS):
        while sleeps(nap):
            await asyncio.sleep(0.01)


def sleeps(nap: str) -> bool:
    """Whether a program sleeps so long."""
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if each.read_bytes() == f"sleep\0{nap}\0".encode():
                return True
    return False


async def test_what_a_program_leaves_behind_is_not_waited_for(tmp_path: Path) -> None:
    # The child holds the output open, and has a session of its own.
    nap = int(PATIENCE_SECONDS) + 5
    text = f"cat >/dev/null; setsid sleep {nap} & echo 'a: Left.Behind FOUND'; exit 1"
    assert await of(script(text, tmp_path), b"x") == Scanned(verdict=INFECTED, detail="Left.Behind")


async def test_words_without_end_are_not_kept(tmp_path: Path) -> None:
    text = "cat >/dev/null; yes \"$(printf '\\033[2J\\377 FOUND')\" | head -c 3000000; exit 1"
    assert await of(script(text, tmp_path), b"x") == Scanned(verdict=INFECTED, detail="unnamed")


async def test_a_name_is_kept_in_letters_of_the_list_alone(tmp_path: Path) -> None:
    text = "cat >/dev/null; printf 'x: \\033[31mEvil <b>&$(x) FOUND\\nx: Second FOUND\\n'; exit 3"
    assert await of(script(text, tmp_path, found=3), b"x") == Scanned(
        verdict=INFECTED, detail="31mEvil_b_(x)"
    )
    assert found_name("é" * 500) == "unnamed"
    assert len(found_name("A.b-" * 500)) == 120


async def test_a_finding_before_the_end_of_the_part_counts(tmp_path: Path) -> None:
    assert (await of(script("head -c 10 >/dev/null; exit 1", tmp_path), *LARGE)).verdict is INFECTED


async def test_a_limit_of_the_scanner_is_not_called_malware(tmp_path: Path) -> None:
    text = "cat >/dev/null; echo 'x: Heuristics.Limits.Exceeded.MaxFileSize FOUND'; exit 1"
    assert (await of(script(text, tmp_path), b"x")).verdict is TOO_LARGE


# --- what a program gets ---


async def test_a_program_gets_nothing_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMLA_TOKEN", "secret")
    text = (
        "cat >/dev/null; e=$(env | grep -vE '^(PATH|LC_ALL|HOME|TMPDIR|PWD|_|OLDPWD|SHLVL)=');"
        ' n=$(ls /proc/self/fd | wc -l); [ -z "$e" ] && [ $n -le 4 ] && [ "$(pwd)" = / ] && exit 1; exit 9'
    )
    with (tmp_path / "open").open("wb") as file:
        os.set_inheritable(file.fileno(), False)
        assert (await of(script(text, tmp_path), b"x")).verdict is INFECTED


async def test_a_program_cannot_read_the_data_folder_or_write_to_a_disk(tmp_path: Path) -> None:
    assert landlock.version() > 0
    data = tmp_path / "data"
    data.mkdir()
    (data / "key").write_text("secret")
    (tmp_path / "beside").write_text("not secret")
    (tmp_path / "link").symlink_to(data)
    tries = (
        f"cat {tmp_path}/beside >/dev/null || exit 4",
        f"cat {data}/key && exit 5",
        f"cat {tmp_path}/link/key && exit 6",
        f"ls {data} && exit 7",
        f"echo x > {tmp_path}/out && exit 8",
        f"echo x >> {tmp_path}/beside && exit 9",
        "echo x > $TMPDIR/unpacked || exit 10",
        "echo x > /dev/null || exit 11",
    )
    scanned = await of(script(f"cat >/dev/null; {'; '.join(tries)}; exit 1", data), b"x")
    assert scanned.verdict is INFECTED, scanned.detail
    assert not (tmp_path / "out").exists()


async def test_a_program_reaches_no_socket_in_the_data_folder(tmp_path: Path) -> None:
    async def heard(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        calls.append(1)
        writer.close()

    calls: list[int] = []
    data = tmp_path / "data"
    data.mkdir()
    server = await asyncio.start_unix_server(heard, data / "emla.sock")
    call = (
        "import socket, sys; sys.stdin.read(); line = socket.socket(socket.AF_UNIX);"
        f" sys.exit(7 if line.connect_ex({str(data / 'emla.sock')!r}) else 1)"
    )
    scanned = await of(command(shlex.join([sys.executable, "-S", "-c", call]), data), b"x")
    assert scanned == Scanned(verdict=FAILED, detail="The scanner ended with status 7.")
    assert calls == []
    server.close()


async def test_a_part_is_given_to_a_program_no_faster_than_it_takes_it(tmp_path: Path) -> None:
    given = 0

    async def many() -> AsyncIterator[bytes]:
        nonlocal given
        for _ in range(1000):
            given += 1
            yield bytes(64 * 1024)

    assert (
        await script("head -c 10 >/dev/null; exit 1", tmp_path).scan(many(), 1000 * 64 * 1024)
    ).verdict is INFECTED
    assert given < 10  # what a pipe holds


async def test_what_a_program_unpacks_goes_away_with_it(tmp_path: Path) -> None:
    def left() -> list[Path]:
        return [each for each in MEMORY.glob("emla-scan-*") if (each / mark).exists()]

    mark = f"mark-{os.getpid()}-{id(tmp_path)}"
    assert (await of(script(f"cat > $TMPDIR/{mark}; exit 1", tmp_path), b"x")).verdict is INFECTED
    assert left() == []
    # What a killed gateway left is swept by the next one on the same folder, and by no other.
    scanner = CommandScanner(
        ("/bin/sh", "-c", f"cat > $TMPDIR/{mark}; sleep 100"), found_status=1, seconds=60, closed=tmp_path
    )
    running = asyncio.create_task(of(scanner, b"x"))
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not left():
            await asyncio.sleep(0.01)
    sweep(tmp_path / "another")
    assert len(left()) == 1
    sweep(tmp_path)
    assert left() == []
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@pytest.mark.parametrize("words", ["/bin/sh -c 'cat >/dev/null; exit 0'", "/bin/sh -c 'exit 0' {file}"])
async def test_a_part_that_cannot_be_read_is_its_own_trouble(tmp_path: Path, words: str) -> None:
    async def rotten() -> AsyncIterator[bytes]:
        yield b"x"
        raise StoreError("payload-damaged")

    with pytest.raises(StoreError):
        await command(words, tmp_path).scan(rotten(), 2)


# --- a daemon that is not what it should be ---

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def daemon(folder: Path, answer: Answer, seconds: int = 60) -> AsyncIterator[ClamdScanner]:
    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await answer(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_unix_server(take, folder / "d.sock")
    try:
        yield ClamdScanner(str(folder / "d.sock"), seconds)
    finally:
        server.close()
        await server.wait_closed()


def says(words: bytes, read: int = 10) -> Answer:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(read)
        writer.write(words)
        await writer.drain()

    return answer


@pytest.mark.parametrize(
    ("words", "verdict"),
    [
        (b"", FAILED),
        (b"stream: OK FOUND\0", INFECTED),
        (b"stream: OK\0", ScanVerdict.CLEAN),
        (b"stream: OKAY\0", FAILED),
        (b"x stream: OK\0", FAILED),
        (b"OK\0", FAILED),
        (b"stream: Can't allocate memory ERROR\0", FAILED),
        (b"INSTREAM size limit exceeded. ERROR\0", TOO_LARGE),
        (b"stream: Heuristics.Limits.Exceeded.MaxFiles FOUND\0", TOO_LARGE),
        (b"\xff\xfe" * 4000, FAILED),
    ],
)
async def test_only_the_one_answer_is_clean(tmp_path: Path, words: bytes, verdict: ScanVerdict) -> None:
    assert read_answer(words).verdict is verdict
    async with daemon(tmp_path, says(words)) as scanner:
        assert (await of(scanner, *LARGE)).verdict is verdict


async def test_a_daemon_that_hangs_or_is_not_there_fails(tmp_path: Path) -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with daemon(tmp_path, hang, seconds=1) as scanner:
        assert (await of(scanner, b"x")).verdict is FAILED
    assert (await of(ClamdScanner(str(tmp_path / "none"), 60), b"x")).verdict is FAILED


# --- which one ---


@pytest.mark.parametrize(
    "settings",
    [
        ScannerSettings(clamd="/run/clamd", command="/usr/bin/clamscan -"),
        ScannerSettings(clamd="run/clamd"),
        ScannerSettings(clamd="/" + "x" * 107),
        ScannerSettings(command="clamscan -"),
        ScannerSettings(command="/usr/bin/clamscan '"),
        ScannerSettings(command="   "),
    ],
)
def test_settings_that_name_no_scanner_are_refused(tmp_path: Path, settings: ScannerSettings) -> None:
    with pytest.raises(ConfigurationError) as caught:
        make_scanner(settings, tmp_path)
    assert caught.value.code == "bad-setting"


def test_without_settings_there_is_none(tmp_path: Path) -> None:
    assert make_scanner(ScannerSettings(), tmp_path) is None
