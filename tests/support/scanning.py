"""The real ClamAV with a signature database of three lines, programs that fail in every way, and a scanner inside the test.

No file that a virus scanner would report lies here: they are put together when they are wanted.
"""

import asyncio
import contextlib
import hashlib
import shlex
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from emla.model.scan import Scanned, ScanVerdict
from emla.sandbox import scanners
from tests.support.patience import PATIENCE_SECONDS

EICAR = "".join(scanners._TEST_FILE).encode()
MALWARE = b"emla-test " + b"malware " * 3
FOUND = "Emla.Malware.UNOFFICIAL"
CLEAN = Scanned(verdict=ScanVerdict.CLEAN)


async def pieces(*some: bytes) -> AsyncIterator[bytes]:
    for each in some:
        await asyncio.sleep(0)
        yield each


def make_database(folder: Path) -> Path:
    """A folder of signatures: the test file of all scanners by its hash, ours by what is in it, and a limit by its name."""
    folder.mkdir()
    eicar = f"{hashlib.md5(EICAR).hexdigest()}:{len(EICAR)}:Eicar-Test-Signature\n"
    (folder / "t.hdb").write_text(eicar)
    (folder / "t.ndb").write_text(f"Emla.Malware:0:*:{MALWARE.hex()}\n")
    return folder


def clamscan(database: Path, file: str = "-") -> str:
    """The command of the real program."""
    words = [str(shutil.which("clamscan")), f"--database={database}", "--no-summary", "--stdout", file]
    return shlex.join(words).replace("'{file}'", "{file}")


@contextmanager
def clamd(folder: Path, stream_bytes_max: int = 1024**2) -> Iterator[Path]:
    """The real daemon on a socket of its own."""
    socket = folder / "clamd.sock"
    settings = {
        "LocalSocket": socket,
        "DatabaseDirectory": make_database(folder / "signatures"),
        "TemporaryDirectory": "/dev/shm",
        "StreamMaxLength": stream_bytes_max,
        "Foreground": "yes",
        "SelfCheck": 0,
        "LogFile": folder / "clamd.log",
    }
    config = folder / "clamd.conf"
    config.write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
    program = shutil.which("clamd", path="/usr/sbin:/usr/local/sbin:/usr/bin")
    # A copy: where AppArmor runs, the profile of Debian's own daemon goes by its path and knows no folder of ours.
    own = shutil.copy(str(program), folder / "clamd")
    process = subprocess.Popen(
        [own, f"--config-file={config}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield socket
    finally:
        process.kill()
        process.wait()


async def there(socket: Path) -> None:
    """Wait until a daemon listens."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_unix_connection(str(socket))
                writer.close()
                return
            await asyncio.sleep(0.02)


@dataclass
class ScriptedScanner:
    """Implements `emla.ports.scanner.Scanner`: says what it is told to, or what follows from the bytes."""

    kind: str = "command"
    says: Callable[[bytes], Scanned] = lambda data: CLEAN
    seen: list[bytes] = field(default_factory=list)
    gate: asyncio.Event | None = None
    """Where there is one, scans wait until it is open."""

    async def scan(self, pieces: AsyncIterator[bytes], size: int) -> Scanned:
        data = b"".join([each async for each in pieces])
        assert len(data) == size
        self.seen.append(data)
        if self.gate is not None:
            await self.gate.wait()
        return self.says(data)
