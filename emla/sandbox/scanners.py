"""The ministry's scanner as the settings name it, and whether it does what it is for."""

import shlex
from collections.abc import AsyncIterator
from pathlib import Path

from emla.model.errors import ConfigurationError
from emla.model.scan import Scanned
from emla.model.settings import ScannerSettings
from emla.ports.scanner import Scanner
from emla.sandbox.scan_clamd import ClamdScanner
from emla.sandbox.scan_command import CommandScanner

_SOCKET_PATH_BYTES_MAX = 107
_TEST_FILE = ("X5O!P%@AP[4\\PZX54(P^)7CC)7}$", "EICAR-STANDARD-ANTIVIRUS", "-TEST-FILE!$H+H*")
"""The harmless file that every scanner reports (EICAR, 2003). In pieces, or scanners would report this program."""


def make_scanner(settings: ScannerSettings, data: Path) -> Scanner | None:
    """The scanner; None where none is set up.

    Args:
        settings: which one.
        data: the data folder, which no program that scans can read.

    Raises:
        ConfigurationError: ``bad-setting``.
    """
    if settings.clamd and settings.command:
        raise _bad("scanner.clamd and scanner.command are both set: name one of them.")
    if settings.clamd:
        if not settings.clamd.startswith("/") or len(settings.clamd.encode()) > _SOCKET_PATH_BYTES_MAX:
            raise _bad(f"scanner.clamd must be an absolute path of at most {_SOCKET_PATH_BYTES_MAX} bytes.")
        return ClamdScanner(settings.clamd, settings.seconds)
    if settings.command:
        return CommandScanner(
            _words(settings.command),
            found_status=settings.found_status,
            seconds=settings.seconds,
            closed=data,
        )
    return None


def _words(command: str) -> tuple[str, ...]:
    try:
        words = tuple(shlex.split(command))
    except ValueError as error:
        raise _bad(f"scanner.command cannot be read: {error}.") from error
    if not words or not words[0].startswith("/"):
        raise _bad("scanner.command must begin with the absolute path of a program. No shell reads it.")
    return words


def _bad(detail: str) -> ConfigurationError:
    return ConfigurationError("bad-setting", detail)


async def scan_test_file(scanner: Scanner) -> Scanned:
    """What the scanner says of the test file that every scanner finds."""
    return await scanner.scan(_one("".join(_TEST_FILE).encode()), len("".join(_TEST_FILE)))


async def scan_nothing_bad(scanner: Scanner) -> Scanned:
    """What it says of a few words."""
    words = b"A few words, in which there is nothing bad.\n"
    return await scanner.scan(_one(words), len(words))


async def _one(piece: bytes) -> AsyncIterator[bytes]:
    yield piece
