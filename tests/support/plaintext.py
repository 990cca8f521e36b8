"""What must not be found on a disk: every text of a message, its parts' names and bytes, as they are and in base64.

`needles_of` cuts a message into what to look for; `found_in` looks into every byte of every file of a folder, whatever it is:
databases with their freed pages, write-ahead logs, blobs, temporary files.
"""

import base64
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from lxml import etree

_LEAST = 8
"""Shorter texts are found in random bytes, and in words that anybody may write."""
_LEAST_DIGITS = 14
_NOTHING = re.compile(rb"\0{7,}")


def needles_of(message: bytes, *more: str | bytes, public: Iterable[str] = ()) -> tuple[bytes, ...]:
    """What to look for.

    Args:
        message: the XML document.
        more: names and bytes of parts, ids, whatever else is to stay unseen.
        public: texts that anybody may know, such as ids of authorities.
    """
    texts: set[bytes] = set()
    for element in etree.fromstring(message).iter():
        for text in (element.text, element.tail, *element.attrib.values()):
            texts |= {line.strip().encode() for line in (text or "").splitlines()}
    texts |= {each.encode() if isinstance(each, str) else each for each in more}
    known = {each.encode() for each in public}
    return tuple(sorted(each for each in texts if _says_something(each) and each not in known))


def _says_something(text: bytes) -> bool:
    """Whether a text is found only where somebody wrote it: short ones, and short numbers, stand in instants and hashes."""
    return len(text) >= (_LEAST_DIGITS if text.isdigit() else _LEAST)


def spellings(needle: bytes) -> Iterator[bytes]:
    """A needle as it is, in UTF-16, in hexadecimal, and in base64 wherever it begins."""
    yield needle
    if needle.isascii():
        yield needle.decode("ascii").encode("utf-16-le")
    yield needle.hex().encode()
    for shift in range(3):
        encoded = base64.b64encode(bytes(shift) + needle)
        # What stands at either end depends on its neighbours too.
        inner = encoded[4 if shift else 0 : -4]
        if len(inner) >= _LEAST:
            yield inner
            yield inner.replace(b"+", b"-").replace(b"/", b"_")


def reader_for(needles: Iterable[bytes]) -> Callable[[Path], bytes]:
    """What reads files to look for these: most of a database is empty pages, and what has no emptiness in it is not there."""
    if any(bytes(4) in each for each in needles):
        return Path.read_bytes
    return lambda path: _NOTHING.sub(bytes(6), path.read_bytes())


def found_in(folder: Path, needles: Iterable[bytes]) -> list[str]:
    """Every needle that stands somewhere below a folder, and in which file."""
    wanted = [(needle, tuple(set(spellings(needle)))) for needle in needles]
    assert wanted, "nothing to look for"
    read = reader_for(each for _, spelled in wanted for each in spelled)
    found = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        data = read(path)
        found += [
            f"{needle[:40]!r} in {path.relative_to(folder)}"
            for needle, spelled in wanted
            if any(each in data for each in spelled)
        ]
    return found
