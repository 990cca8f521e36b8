r"""A ClamAV daemon as `Scanner`: the part goes to its Unix socket in pieces (INSTREAM of clamd(8)).

    -> zINSTREAM\0  <length, 4 bytes><that many bytes>...  <0, 4 bytes>
    <- stream: OK\0 | stream: NAME FOUND\0 | INSTREAM size limit exceeded. ERROR\0

Rules of this file:
- It is heard while it is spoken to: it says that a part is too large, or infected, before it has taken all of it, and hangs up.
- Only "stream: OK" is clean.
"""

import asyncio
import contextlib
import re
import socket
from collections.abc import AsyncIterator

from emla.model.scan import Scanned, ScanVerdict, found_name

_ANSWER_BYTES_MAX = 4096
_PIECE_BYTES = 256 * 1024
_FOUND = re.compile(r"stream: (.+) FOUND")
_LIMIT = "Heuristics.Limits.Exceeded"
"""With AlertExceedsMax the daemon names so what it did not look at whole."""
_ENDED = (BrokenPipeError, ConnectionResetError)


class ClamdScanner:
    """Implements `emla.ports.scanner.Scanner`."""

    kind = "clamd"

    def __init__(self, path: str, seconds: int) -> None:
        """Args: the daemon's socket; how long a scan may take."""
        self._path = path
        self._seconds = seconds

    async def scan(self, pieces: AsyncIterator[bytes], size: int) -> Scanned:
        """Scan a part."""
        try:
            async with asyncio.timeout(self._seconds):
                said = await self._ask(pieces)
        except TimeoutError:
            return _failed(f"The daemon took more than {self._seconds} s.")
        except OSError as error:
            return _failed(f"The daemon at {self._path} cannot be reached: {error.strerror or error}.")
        return read_answer(said)

    async def _ask(self, pieces: AsyncIterator[bytes]) -> bytes:
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.setblocking(False)
            await loop.sock_connect(line, self._path)
            answer = loop.create_task(_hear(line))
            try:
                with contextlib.suppress(*_ENDED):
                    await _tell(line, pieces, answer)
                return await answer
            finally:
                answer.cancel()
                await asyncio.gather(answer, return_exceptions=True)


async def _tell(line: socket.socket, pieces: AsyncIterator[bytes], answer: "asyncio.Task[bytes]") -> None:
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(line, b"zINSTREAM\0")
    async for piece in pieces:
        for start in range(0, len(piece), _PIECE_BYTES):
            if answer.done():
                return
            some = piece[start : start + _PIECE_BYTES]
            await loop.sock_sendall(line, len(some).to_bytes(4, "big") + some)
    await loop.sock_sendall(line, bytes(4))


async def _hear(line: socket.socket) -> bytes:
    loop, said = asyncio.get_running_loop(), b""
    with contextlib.suppress(*_ENDED):
        while b"\0" not in said and len(said) < _ANSWER_BYTES_MAX:
            some = await loop.sock_recv(line, _ANSWER_BYTES_MAX)
            if not some:
                break
            said += some
    return said


def read_answer(said: bytes) -> Scanned:
    """What the daemon's answer means."""
    text, _, _ = said.partition(b"\0")
    words = text.decode("utf-8", "replace").strip()
    if words == "stream: OK":
        return Scanned(verdict=ScanVerdict.CLEAN)
    if found := _FOUND.fullmatch(words):
        return found_or_limit(found.group(1))
    if words == "INSTREAM size limit exceeded. ERROR":
        return Scanned(
            verdict=ScanVerdict.TOO_LARGE, detail="It is larger than the daemon takes (StreamMaxLength)."
        )
    if words.endswith(" ERROR"):
        return _failed("The daemon answered an error.")
    return _failed("The daemon answered nothing that can be understood." if words else "The daemon hung up.")


def found_or_limit(name: str) -> Scanned:
    """What a name means: something was found, or the scanner says that it did not look at all of it."""
    if name.startswith(_LIMIT):
        return Scanned(
            verdict=ScanVerdict.TOO_LARGE,
            detail=f"The scanner did not look at all of it: {found_name(name)}.",
        )
    return Scanned(verdict=ScanVerdict.INFECTED, detail=found_name(name))


def _failed(detail: str) -> Scanned:
    return Scanned(verdict=ScanVerdict.FAILED, detail=detail)
