"""Values as people read them: safe text, sizes, instants, ids. Plain functions; rich is not needed here."""

import re
import unicodedata
from datetime import UTC, datetime

ID_DIGITS_SHOWN = 12
"""How much of an id a table shows; the server takes any beginning of at least 8 digits that is unique."""

NOT_ACCEPTANCE = "Technical delivery is not acceptance of the request."
"""Stands wherever a delivery is shown."""


def plain(text: str) -> str:
    """A text from outside without what moves the cursor, changes colours or turns the direction of
    writing.
    """
    return "".join(each if each == "\n" or is_plain(each) else "\ufffd" for each in text)


def is_plain(character: str) -> bool:
    """Whether a character does nothing but stand there."""
    return unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp")


def size(size_bytes: int) -> str:
    """A size in binary units: ``20.0 MiB``."""
    if size_bytes < 1024:
        return f"{size_bytes} B"
    value = float(size_bytes)
    for unit in ("KiB", "MiB", "GiB"):
        value /= 1024
        if value < 1024:
            return f"{value:.1f} {unit}"
    return f"{value / 1024:.1f} TiB"


def instant(at: datetime | None) -> str:
    """An instant in UTC to the second: ``2026-11-23 20:50:37Z``; a dash where there is none."""
    return "-" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}"


def day(seconds: int) -> str:
    """The day of a UNIX instant, in UTC."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d}"


def short(identifier: str | None) -> str:
    """The beginning of an id."""
    return "-" if identifier is None else identifier[:ID_DIGITS_SHOWN]


_SENT = {
    "READY": "on its way",
    "HUB_HELD": "held by a hub for the recipient, not delivered yet",
    "HELD": "held back here",
    "REPLACED": "replaced by a package for another key of the recipient",
    "ACCEPTED": "delivered",
    "CONSIGNED": "delivered and in the recipient's inbox",
    "HANDED": "delivered and opened by an officer of the recipient",
    "REJECTED": "refused by the recipient's gateway",
    "EXPIRED": "not delivered: given up in time or by two officers",
    "CONSIGNMENT_FAILED": "delivered, but could not be opened there",
}


_RECEIVED = {
    "ACCEPTED": "received, not opened by the gateway yet",
    "CONSIGNED": "in the inbox, nobody has opened it",
    "HANDED": "opened by an officer",
    "QUARANTINED": "could not be opened safely; ask your operator",
    "CLOSED": "could not be opened, and two officers have given it up",
}


def state(name: str, direction: str = "out") -> str:
    """A transport state with what it means, where that is known: ``READY (on its way)``."""
    meaning = (_RECEIVED if direction == "in" else _SENT).get(name)
    return f"{name} ({meaning})" if meaning else name


_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def spaced(name: str) -> str:
    """The name of a message in words, so that a narrow column can break it: ``Supplementary Information Request``."""
    return _CAMEL.sub(" ", name)


def count(number: int, one: str, many: str) -> str:
    """A number with its noun: ``1 finding``, ``3 findings``."""
    return f"{number} {one if number == 1 else many}"
