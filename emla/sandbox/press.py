"""The press, the parent's side: a message document goes in, a page comes out. One child process for each page.

Here: starting the child, giving it the document, believing of its answer no more than its form. Not here: what a page looks like
(`emla.pages`).

Rules of this file:
- The document may come from anybody. It is read and laid out in a process that holds no key, sees no file and no network, and
  has limits on memory and time (`press_child.py`).
- What comes back is bytes for a file, never more than `ANSWER_BYTES_MAX` of them. A page that is not begun as its format begins
  is refused.
"""

import os
import selectors
import subprocess
import sys
import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from emla.model.errors import ConfigurationError, InvalidMessageError
from emla.model.settings import OpenerSettings
from emla.sandbox.frames import WireError
from emla.sandbox.press_wire import Order, Printed, decode_printed, encode_order
from emla.sandbox.process import child_environment

WALL_FACTOR = 3
"""A page may take this many times its processor time on the clock."""
ANSWER_BYTES_MAX = 128 * 1024 * 1024
"""The page of the largest message, every second letter of it a hidden one that is shown by number, needs half of that."""
_SAID_BYTES_MAX = 64 * 1024
_SAID_SHOWN = 300
_PIECE_BYTES = 1024 * 1024


class Format(StrEnum):
    """What a page is written as."""

    HTML = "html"
    PDF = "pdf"


_BEGINS = {Format.HTML: b"<!DOCTYPE html>\n<html", Format.PDF: b"%PDF-"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedPage:
    """A page, and what the person should know about it."""

    data: bytes
    notes: tuple[str, ...]
    findings: int
    """How many stand at its head."""


def print_page(
    document: bytes,
    form: Format,
    *,
    schemas: Path,
    language: str = "en",
    judged: bool = True,
    settings: OpenerSettings | None = None,
) -> PrintedPage:
    """Lay out a message document.

    Args:
        document: its bytes, from anywhere.
        form: what to make.
        schemas: the folder of the schemas.
        language: of the labels of codes.
        judged: whether what the rules find stands on it; not on paper that is signed.
        settings: processor time and memory; those of the opener.

    Raises:
        InvalidMessageError: ``malformed-xml``: it does not pass the pre-pass.
        ConfigurationError: ``pdf-unavailable``, or ``preview-failed`` when the child ended without a page.
    """
    settings = settings or OpenerSettings()
    order = Order(
        form=form.value,
        schemas=str(schemas.absolute()),
        language=language,
        judged=judged,
        cpu_seconds=settings.cpu_seconds,
        memory_bytes=settings.memory_bytes,
        parent=os.getpid(),
    )
    answer, ended = _ask(encode_order(order) + document, settings.cpu_seconds * WALL_FACTOR)
    try:
        printed, page = decode_printed(answer)
    except WireError:
        hint = (
            " Without --pdf it becomes an HTML page, which needs far less memory."
            if form is Format.PDF
            else ""
        )
        raise ConfigurationError("preview-failed", f"{ended}{hint}") from None
    if printed.code:
        _refuse(printed)
    if not page.startswith(_BEGINS[form]):
        raise ConfigurationError("preview-failed", "What came back is not a page.")
    return PrintedPage(data=page, notes=printed.notes, findings=printed.findings_shown)


def _ask(request: bytes, seconds: float) -> tuple[bytes, str]:
    """Start the child and read its answer; how it ended, in words."""
    # The request is a file, so that a child that answers before it has read, or never reads, cannot block us.
    with os.fdopen(os.memfd_create("emla-order", os.MFD_CLOEXEC), "w+b") as held:
        held.write(request)
        held.seek(0)
        child = subprocess.Popen(
            (sys.executable, "-P", "-m", "emla.sandbox.press_child"),
            stdin=held,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**child_environment(), "RAYON_NUM_THREADS": "1"},
            start_new_session=True,
        )
    with child:
        try:
            answer, said = _read(child, seconds)
        except _TooMuchError as error:
            raise ConfigurationError("preview-failed", str(error)) from None
        finally:
            child.kill()
    words = said.decode("ascii", "replace").strip()[-_SAID_SHOWN:]
    return answer, f"The process ended with status {child.returncode}. {words}".strip()


class _TooMuchError(Exception):
    """The child takes more than a page is worth."""


def _read(child: "subprocess.Popen[bytes]", seconds: float) -> tuple[bytes, bytes]:
    """Everything the child writes until it ends, within bounds: it may have been taken over, and then it writes without end."""
    ends_at = time.monotonic() + seconds
    answer, said = bytearray(), bytearray()
    with selectors.DefaultSelector() as selector:
        for stream, kept, most in (
            (child.stdout, answer, ANSWER_BYTES_MAX),
            (child.stderr, said, _SAID_BYTES_MAX),
        ):
            if stream is not None:
                selector.register(stream, selectors.EVENT_READ, (kept, most))
        while selector.get_map():
            left = ends_at - time.monotonic()
            if left <= 0:
                raise _TooMuchError("It took too long.")
            for key, _ in selector.select(left):
                piece = os.read(key.fd, _PIECE_BYTES)
                kept, most = key.data
                kept += piece
                if len(kept) > most:
                    raise _TooMuchError("The page is too large.")
                if not piece:
                    selector.unregister(key.fileobj)
    try:
        child.wait(max(0.0, ends_at - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise _TooMuchError("It took too long.") from None
    return bytes(answer), bytes(said)


def _refuse(printed: Printed) -> None:
    if printed.code == "pdf-unavailable":
        raise ConfigurationError(printed.code, printed.detail)
    raise InvalidMessageError("malformed-xml", printed.detail, findings=printed.findings)
