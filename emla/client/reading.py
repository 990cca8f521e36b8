"""Takes the server's JSON answers apart: each member is asked for by name and type, or the answer is refused.

Members nobody asks for are let be, so that an older command line understands a newer server. Errors name the
member: ``unreadable-answer`` with "message.parts[2] lacks 'sha256'" is something an operator can report.
"""

import binascii
import json
import re
from base64 import b64decode
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

import msgspec

from emla.model.errors import ConfigurationError

Value = TypeVar("Value")
_HEX = re.compile(r"([0-9a-f]{2})+", re.ASCII)


def unreadable(detail: str) -> ConfigurationError:
    """The error for an answer that is not what this version understands."""
    return ConfigurationError("unreadable-answer", detail)


def decode_answer(data: bytes, what: str) -> "Answer":
    """Decode one JSON object.

    Raises:
        ConfigurationError: ``unreadable-answer``.
    """
    try:
        members = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise unreadable(f"{what} is not JSON.") from error
    return Answer(members, what)


class Answer:
    """One JSON object of an answer, read member by member."""

    __slots__ = ("_members", "_what")

    def __init__(self, members: object, what: str) -> None:
        if not isinstance(members, dict):
            raise unreadable(f"{what} is not an object.")
        self._members: dict[str, object] = members
        self._what = what

    def _take(self, name: str) -> object:
        if name not in self._members:
            raise unreadable(f"{self._what} lacks '{name}'.")
        return self._members[name]

    def _wrong(self, name: str) -> ConfigurationError:
        return unreadable(f"{self._what} has an unreadable '{name}'.")

    def optional(self, name: str, read: "Callable[[str], Value]") -> Value | None:
        """Read a member that may be absent or null: ``answer.optional("reason", answer.text)``."""
        return None if self._members.get(name) is None else read(name)

    def value(self, name: str, kind: type[Value]) -> Value:
        """Read a member as a value of a class whose fields are its members."""
        try:
            return msgspec.convert(self._take(name), type=kind)
        except msgspec.ValidationError as error:
            raise self._wrong(name) from error

    def whole(self, kind: type[Value]) -> Value:
        """Read all of it as a value of a class whose fields are its members."""
        try:
            return msgspec.convert(self._members, type=kind)
        except msgspec.ValidationError as error:
            raise unreadable(f"{self._what}: {error}.") from error

    def text(self, name: str) -> str:
        """Read a text."""
        value = self._take(name)
        if not isinstance(value, str):
            raise self._wrong(name)
        return value

    def hexadecimal(self, name: str) -> str:
        """Read an id or hash in lower-case hexadecimal digits."""
        value = self.text(name)
        if not _HEX.fullmatch(value):
            raise self._wrong(name)
        return value

    def identifier(self, name: str) -> str:
        """Read an id that is a number or a text; it is only shown and sent back."""
        value = self._take(name)
        if not isinstance(value, int | str) or isinstance(value, bool) or value == "":
            raise self._wrong(name)
        return str(value)

    def integer(self, name: str) -> int:
        """Read an integer."""
        value = self._take(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self._wrong(name)
        return value

    def number(self, name: str) -> float:
        """Read an integer or a fraction."""
        value = self._take(name)
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise self._wrong(name)
        return float(value)

    def truth(self, name: str) -> bool:
        """Read a boolean."""
        value = self._take(name)
        if not isinstance(value, bool):
            raise self._wrong(name)
        return value

    def octets(self, name: str) -> bytes:
        """Read bytes in base64 (RFC 4648 section 4, with padding)."""
        try:
            return b64decode(self.text(name), validate=True)
        except binascii.Error as error:
            raise self._wrong(name) from error

    def instant(self, name: str) -> datetime:
        """Read an RFC 3339 instant as aware UTC."""
        try:
            instant = datetime.fromisoformat(self.text(name))
        except ValueError as error:
            raise self._wrong(name) from error
        if instant.tzinfo is None:
            raise self._wrong(name)
        return instant.astimezone(UTC)

    def nested(self, name: str) -> "Answer":
        """Read an object."""
        return Answer(self._take(name), f"{self._what}.{name}")

    def mapping(self, name: str) -> dict[str, object]:
        """Read an object as it is."""
        value = self._take(name)
        if not isinstance(value, dict):
            raise self._wrong(name)
        return value

    def counts(self, name: str) -> dict[str, int]:
        """Read an object whose values are all integers."""
        nested = self.nested(name)
        return {key: nested.integer(key) for key in nested._members}

    def items(self, name: str) -> "tuple[Answer, ...]":
        """Read a list of objects."""
        value = self._take(name)
        if not isinstance(value, list):
            raise self._wrong(name)
        return tuple(Answer(item, f"{self._what}.{name}[{number}]") for number, item in enumerate(value))

    def texts(self, name: str) -> tuple[str, ...]:
        """Read a list of texts."""
        value = self._take(name)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self._wrong(name)
        return tuple(value)
