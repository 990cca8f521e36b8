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
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from emla.model.errors import ConfigurationError, InvalidMessageError
from emla.model.settings import OpenerSettings
from emla.sandbox.frames import WireError
from emla.sandbox.once import TooMuchError, ask_once
from emla.sandbox.press_wire import Order, Printed, decode_printed, encode_order

WALL_FACTOR = 3
"""A page may take this many times its processor time on the clock."""
ANSWER_BYTES_MAX = 128 * 1024 * 1024
"""The page of the largest message, every second letter of it a hidden one that is shown by number, needs half of that."""


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
    try:
        return ask_once("emla.sandbox.press_child", request, seconds, ANSWER_BYTES_MAX)
    except TooMuchError as error:
        raise ConfigurationError("preview-failed", str(error)) from None


def _refuse(printed: Printed) -> None:
    if printed.code == "pdf-unavailable":
        raise ConfigurationError(printed.code, printed.detail)
    raise InvalidMessageError("malformed-xml", printed.detail, findings=printed.findings)
