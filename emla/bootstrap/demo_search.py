"""Searching a folder for anything of a message: its texts, its parts' names and bytes, in the spellings in which they could hide.

What anybody may know (ids and names of authorities, which stand in their public documents) is not looked for.
"""

import base64
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

_LEAST = 8
"""Shorter texts are found in random bytes, and in words that anybody may write."""
_ENCODED_LEAST = 20
"""What is left of a shorter text in base64, without its neighbours' share at either end, says too little."""
_SAMPLE_BYTES = 48


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What is looked for; `spellings` of each text in the order of `texts`."""

    texts: tuple[bytes, ...]
    spellings: tuple[tuple[bytes, ...], ...]


def search_for(message: Path, files: Iterable[Path], public: Iterable[bytes]) -> Search:
    """Cut a message into what to look for.

    Args:
        message: the XML document.
        files: its attachments; their names, and bytes out of their beginning, middle and end are looked for.
        public: documents that anybody may have; what stands in them is not looked for.
    """
    found: set[bytes] = {message.name.encode()}
    root = etree.fromstring(message.read_bytes(), etree.XMLParser(resolve_entities=False, no_network=True))
    for element in root.iter():
        for text in (element.text, element.tail, *element.attrib.values()):
            found |= {line.strip().encode() for line in (text or "").splitlines()}
    for path in files:
        found.add(path.name.encode())
        data = path.read_bytes()
        middle = len(data) // 2
        found |= {data[:_SAMPLE_BYTES], data[middle : middle + _SAMPLE_BYTES], data[-_SAMPLE_BYTES:]}
    known = b"\0".join(public)
    texts = tuple(sorted(each for each in found if len(each) >= _LEAST and each not in known))
    return Search(texts=texts, spellings=tuple(tuple(_spellings(each)) for each in texts))


def _spellings(text: bytes) -> Iterator[bytes]:
    """A text as it is, as a hexadecimal id in bytes, in hexadecimal, in UTF-16, and in base64 wherever it begins."""
    yield text
    yield text.hex().encode()
    if len(text) % 2 == 0 and set(text) <= set(b"0123456789abcdef"):
        yield bytes.fromhex(text.decode())
    if text.isascii():
        yield text.decode("ascii").encode("utf-16-le")
    for shift in range(3):
        inner = base64.b64encode(bytes(shift) + text)[4 if shift else 0 : -4]
        if len(inner) >= _ENCODED_LEAST:
            yield inner
            yield inner.replace(b"+", b"-").replace(b"/", b"_")


def found_in(folder: Path, search: Search) -> tuple[int, list[str]]:
    """Look into every byte of every file below a folder.

    Returns:
        How many bytes there were, and each text that was found with the file it was found in.
    """
    found, size_bytes = [], 0
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        data = path.read_bytes()
        size_bytes += len(data)
        found += [
            f"{text[:40]!r} in {path.relative_to(folder)}"
            for text, spelled in zip(search.texts, search.spellings, strict=True)
            if any(each in data for each in spelled)
        ]
    return size_bytes, found
