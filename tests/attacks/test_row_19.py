"""Row 19. Non-canonical base64, padding, whitespace.

Expected: malformed.
"""

import json
from collections.abc import Callable

import pytest

from emla.formats.strict_json import Json
from tests.support.authorities import Tampering, build, changed, party
from tests.support.receiving import receive

AT, DE = party("at.moj"), party("de.bfj")


def padded(value: str) -> str:
    return value + "=" * (-len(value) % 4)


def bits_left(value: str) -> str:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return value[:-1] + alphabet[alphabet.index(value[-1]) | 1]


def newline(value: str) -> str:
    return value + "\n"


def space(value: str) -> str:
    return value[:4] + " " + value[4:]


def standard(value: str) -> str:
    return "+/" + value[2:]


def member(path: str) -> str:
    found: list[str] = []

    def read(data: bytes) -> bytes:
        value = json.loads(data)
        for step in path.split("."):
            value = value[step]
        found.append(value)
        return data

    build(AT, DE, tampering=Tampering(header_bytes=read))
    return found[0]


@pytest.mark.parametrize("spell", [padded, bits_left, newline, space, standard])
@pytest.mark.parametrize("path", ["msg", "payload.id", "payload.sha256", "content"])
def test_a_second_spelling_of_the_same_bytes_in_a_header_is_malformed(
    spell: Callable[[str], str], path: str
) -> None:
    package = build(AT, DE, tampering=Tampering(header={path: spell(member(path))}))
    assert receive(package, DE, AT) == "malformed"


@pytest.mark.parametrize("spell", [padded, bits_left, newline, space, standard])
@pytest.mark.parametrize("path", ["payload", "signatures.0.sig"])
def test_a_second_spelling_of_the_same_bytes_in_an_envelope_is_malformed(
    spell: Callable[[str], str], path: str
) -> None:
    package = build(AT, DE)
    # 64 bytes and a payload of 3n + 1 or 3n + 2 bytes leave bits over; white space makes it so for every
    # header.
    spare = -len(package.header_bytes) % 3 == 0
    if spare:
        package = build(AT, DE, tampering=Tampering(header_bytes=lambda data: data + b" "))

    def respell(signed: bytes) -> bytes:
        value: Json = json.loads(signed)
        for step in path.split("."):
            value = value[int(step)] if isinstance(value, list) else value[step]  # type: ignore[index]  # an envelope has this form
        assert isinstance(value, str)
        return changed(signed, {path: spell(value)})

    tampering = Tampering(header_bytes=lambda _: package.header_bytes, signed=respell)
    assert receive(build(AT, DE, tampering=tampering), DE, AT) == "malformed"
