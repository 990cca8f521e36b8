"""Strict JSON (SJ): the one JSON dialect of emla/1 (docs/spec/encoding.md).

Here: the encoder, the decoder, and `Members`, the reader every other format uses to take an object apart.
Rules of the file:
- UTF-8 without byte order mark, no duplicate names, integers only (absolute value below 2**53), no null, no float, depth
  at most 8, no lone surrogates. Binary values are base64url without padding, in their one canonical spelling.
- The encoder is deterministic (names sorted, no white space); the decoder accepts any strict JSON, because every hash and
  signature runs over the bytes received, never over a re-encoding.
- Everything that is wrong raises `MalformedError`. Nothing is repaired.
- What emla itself wrote is the common case, and it is read quickly: bytes that encode to themselves again are deterministic, so
  no name stood in them twice. All other bytes go through `_decoder`, which says what strict JSON is.
"""

import binascii
import json
import re
from types import GenericAlias
from typing import Annotated, NoReturn, Union

import msgspec

from emla.model.errors import MalformedError

Json = str | int | bool | list["Json"] | dict[str, "Json"]
"""A strict JSON value."""

DEPTH_MAX = 8
INTEGER_MAX = 2**53 - 1
INSTANT_MAX = 253_402_300_799
"""9999-12-31T23:59:59Z: what calendars of every language can show."""
_INTEGER_DIGITS = 16

_UNSHOWABLE = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u2028-\\u202e\\u2066-\\u2069]")


def _strict_type(depth: int) -> GenericAlias:
    """The type of a strict JSON object in which objects and lists stand at most so deep in one another."""
    kinds: list[object] = [str, bool, Annotated[int, msgspec.Meta(ge=-INTEGER_MAX, le=INTEGER_MAX)]]
    if depth > 1:
        inner = _strict_type(depth - 1)
        kinds += [inner, GenericAlias(list, inner.__args__[1:])]
    return GenericAlias(dict, (str, Union[tuple(kinds)]))  # noqa: UP007 (a union made at run time)


_encoder = msgspec.json.Encoder(order="sorted")
_quick_decoder: msgspec.json.Decoder[dict[str, Json]] = msgspec.json.Decoder(_strict_type(DEPTH_MAX))


def encode(value: Json) -> bytes:
    """Encode a value as strict JSON: sorted names, no white space, UTF-8."""
    return _encoder.encode(value)


def decode(data: bytes | memoryview, size_bytes_max: int) -> dict[str, Json]:
    """Decode one strict JSON object.

    Raises:
        MalformedError: larger than the limit, or not strict JSON, or not an object.
    """
    if len(data) > size_bytes_max:
        raise MalformedError(f"JSON of {len(data)} bytes, at most {size_bytes_max} allowed.")
    try:
        quick = _quick_decoder.decode(data)
        if _encoder.encode(quick) == data:
            return quick
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        pass  # whatever it is, the decoder below has the words for it
    return _decode(data)


def _decode(data: bytes | memoryview) -> dict[str, Json]:
    """Decode any strict JSON object, in whatever order and spacing."""
    try:
        text = str(data, "utf-8")
        value = _decoder.decode(text)
    except MalformedError:
        raise
    except (ValueError, RecursionError) as error:
        raise MalformedError(f"Not strict JSON: {type(error).__name__}.") from error
    if not isinstance(value, dict):
        raise MalformedError("Not a JSON object.")
    if "null" in text or "\\" in text or text.count("{") + text.count("[") > DEPTH_MAX:
        # Only then can there be a null, a lone surrogate (which needs an escape) or excess depth; a walk in Python is dear.
        _check(value, 1)
    return value


def _pairs(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise MalformedError("Duplicate JSON name.")
    return members


def _integer(digits: str) -> int:
    if len(digits) > _INTEGER_DIGITS + 1 or digits == "-0":
        raise MalformedError("JSON integer out of range.")
    value = int(digits)
    if abs(value) > INTEGER_MAX:
        raise MalformedError("JSON integer out of range.")
    return value


def _refuse(_: str) -> NoReturn:
    raise MalformedError("JSON numbers are integers only.")


_decoder = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_int=_integer, parse_float=_refuse, parse_constant=_refuse, strict=True
)


def _check(value: object, depth: int) -> None:
    """Refuse null, excess depth and lone surrogates anywhere in a decoded value."""
    if isinstance(value, str):
        if not value.isascii():
            try:
                value.encode("utf-8")
            except UnicodeEncodeError as error:
                raise MalformedError("Lone surrogate in JSON text.") from error
    elif isinstance(value, dict):
        if depth > DEPTH_MAX:
            raise MalformedError("JSON nested too deeply.")
        for name, member in value.items():
            _check(name, depth)
            _check(member, depth + 1)
    elif isinstance(value, list):
        if depth > DEPTH_MAX:
            raise MalformedError("JSON nested too deeply.")
        for item in value:
            _check(item, depth + 1)
    elif value is None:
        raise MalformedError("JSON null is not allowed.")


_TO_STANDARD = bytes.maketrans(b"-_+/=", b"+/!!!")
"""Maps base64url to the standard alphabet, and what base64url does not have to what no alphabet has."""
_LAST_CHARACTERS = ("", "", "AQgw", "AEIMQUYcgkosw048")
"""By length modulo 4: what the last character may be when no bits are left over."""


def encode_octets(data: bytes) -> str:
    """Encode bytes as base64url without padding."""
    return binascii.b2a_base64(data, newline=False).rstrip(b"=").translate(_B2A).decode("ascii")


_B2A = bytes.maketrans(b"+/", b"-_")


def decode_octets(text: str) -> bytes:
    """Decode canonical base64url without padding.

    Raises:
        MalformedError: padding, white space, another alphabet, or bits left over.
    """
    over = len(text) % 4
    if over and text[-1] not in _LAST_CHARACTERS[over]:
        raise MalformedError("Base64url is not in its canonical form.")
    try:
        standard = text.encode("ascii").translate(_TO_STANDARD) + b"=" * (-over % 4)
        return binascii.a2b_base64(standard, strict_mode=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise MalformedError("Not base64url.") from error


def check_line(what: str, text: str, longest: int = 256) -> None:
    """Refuse a text that may not be shown to people as one line.

    Raises:
        MalformedError: too long, or with controls or marks that turn its direction.
    """
    if len(text) > longest or _UNSHOWABLE.search(text):
        raise MalformedError(f"{what} is not a line that can be shown.")


class Members:
    """Takes one JSON object apart, member by member; `finish` refuses whatever was not taken."""

    __slots__ = ("_left", "_what")

    def __init__(self, members: dict[str, Json], what: str) -> None:
        self._left = dict(members)
        self._what = what

    def _take(self, name: str) -> Json:
        try:
            return self._left.pop(name)
        except KeyError:
            raise MalformedError(f"{self._what} lacks '{name}'.") from None

    def _wrong(self, name: str) -> MalformedError:
        return MalformedError(f"{self._what} has an unacceptable '{name}'.")

    def has(self, name: str) -> bool:
        """Whether an optional member is there."""
        return name in self._left

    def text(self, name: str, pattern: re.Pattern[str] | None = None, longest: int = 256) -> str:
        """Take a text, matched whole against the pattern where one is given."""
        value = self._take(name)
        if not isinstance(value, str) or len(value) > longest or (pattern and not pattern.fullmatch(value)):
            raise self._wrong(name)
        return value

    def integer(self, name: str, least: int = 0, most: int = INTEGER_MAX) -> int:
        """Take an integer within bounds."""
        value = self._take(name)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise self._wrong(name)
        return value

    def line(self, name: str, longest: int = 256) -> str:
        """Take a text that people will see: one line, without controls and without marks that turn its direction.

        A peer's text must not write on our officer's terminal.
        """
        value = self.text(name, longest=longest)
        check_line(f"{self._what}.{name}", value, longest)
        return value

    def instant(self, name: str) -> int:
        """Take a UNIX time, in seconds, that has a date: up to the end of the year 9999."""
        return self.integer(name, 0, INSTANT_MAX)

    def truth(self, name: str) -> bool:
        """Take a boolean."""
        value = self._take(name)
        if not isinstance(value, bool):
            raise self._wrong(name)
        return value

    def octets(self, name: str, length: int | None = None, longest: int = 1 << 20) -> bytes:
        """Take a base64url value of an exact or at most a longest length, in bytes."""
        value = self._take(name)
        if not isinstance(value, str):
            raise self._wrong(name)
        if (length is not None and len(value) != (length * 4 + 2) // 3) or len(value) > longest * 2:
            raise self._wrong(name)
        data = decode_octets(value)
        if len(data) > longest:
            raise self._wrong(name)
        return data

    def members(self, name: str) -> "Members":
        """Take a nested object."""
        value = self._take(name)
        if not isinstance(value, dict):
            raise self._wrong(name)
        return Members(value, f"{self._what}.{name}")

    def mapping(self, name: str) -> dict[str, Json]:
        """Take a nested object as it is (extensions)."""
        value = self._take(name)
        if not isinstance(value, dict):
            raise self._wrong(name)
        return value

    def items(self, name: str, longest: int) -> list[Json]:
        """Take a list of at most `longest` items."""
        value = self._take(name)
        if not isinstance(value, list) or len(value) > longest:
            raise self._wrong(name)
        return value

    def texts(self, name: str, longest: int, pattern: re.Pattern[str] | None = None) -> tuple[str, ...]:
        """Take a list of texts."""
        values = self.items(name, longest)
        for value in values:
            if not isinstance(value, str) or len(value) > 256 or (pattern and not pattern.fullmatch(value)):
                raise self._wrong(name)
        return tuple(value for value in values if isinstance(value, str))

    def objects(self, name: str, longest: int) -> "list[Members]":
        """Take a list of objects."""
        result: list[Members] = []
        for number, value in enumerate(self.items(name, longest)):
            if not isinstance(value, dict):
                raise self._wrong(name)
            result.append(Members(value, f"{self._what}.{name}[{number}]"))
        return result

    def extensions(self, understood: frozenset[str] = frozenset()) -> dict[str, Json]:
        """Take ``ext`` (anything) and ``crit`` (names in ext that must be understood), where they are there.

        Returns:
            What is in ``ext``, as it is.

        Raises:
            MalformedError: crit names something this version does not understand.
        """
        extensions = self.mapping("ext") if self.has("ext") else {}
        critical = self.texts("crit", 16) if self.has("crit") else ()
        for name in critical:
            if name not in understood or name not in extensions:
                raise MalformedError(f"{self._what} demands the unknown extension {name[:40]!a}.")
        return extensions

    def finish(self) -> None:
        """Refuse members that nobody took."""
        if self._left:
            raise MalformedError(f"{self._what} has the unknown member {next(iter(self._left))[:40]!a}.")
