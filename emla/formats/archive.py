"""The archive inside a backup: POSIX ustar, as every `tar` reads it, in the one spelling that emla writes.

Only plain files, mode 0600, of nobody, all of one instant; names from a short grammar (`NAME`), so there are no links, no
devices and no way out of a folder. A file of 8 GiB or more has its size in base-256, as GNU tar writes it.
Rules of this file: a header block that is not what the encoder would have written is refused: nothing is repaired.
"""

import re
from dataclasses import dataclass

from emla.model.errors import MalformedError

BLOCK_BYTES = 512
END = bytes(2 * BLOCK_BYTES)
LIST = "SHA256SUMS"
CONTENT = "backup.json"
_WORD = r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,80}"
NAME = re.compile(
    rf"emla\.db|emla\.toml|(documents|keys|root|tls)/{_WORD}|blobs/[0-9a-f]{{2}}/[0-9a-f]{{64}}|{LIST}|{re.escape(CONTENT)}",
    re.ASCII,
)
"""Every name a member may have. No part of one begins with a dot."""
NAME_BYTES_MAX = 100
_OCTAL_SIZE_MAX = 8**11 - 1
_CHECKSUM = slice(148, 156)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A file of the archive: its name below the data folder, and its size."""

    name: str
    size: int


def encode_block(member: Member, at: int) -> bytes:
    """The block before a file. `at` is the instant all files bear, in UNIX seconds.

    Raises:
        MalformedError: no member may have this name.
    """
    if not NAME.fullmatch(member.name) or len(member.name) > NAME_BYTES_MAX:
        raise MalformedError(f"A backup has no file of the name {member.name!r}.")
    block = bytearray(BLOCK_BYTES)
    for place, field in (
        (0, member.name.encode("ascii")),
        (100, b"0000600\0"),
        (108, b"0000000\0"),
        (116, b"0000000\0"),
        (124, _size(member.size)),
        (136, b"%011o\0" % at),
        (148, b" " * 8),
        (156, b"0"),
        (257, b"ustar\x0000"),
        (329, b"0000000\0"),
        (337, b"0000000\0"),
    ):
        block[place : place + len(field)] = field
    block[_CHECKSUM] = b"%06o\0 " % sum(block)
    return bytes(block)


def _size(size: int) -> bytes:
    if size <= _OCTAL_SIZE_MAX:
        return b"%011o\0" % size
    return b"\x80" + size.to_bytes(11, "big")


def decode_block(block: bytes, at: int) -> Member:
    """Decode the block before a file.

    Raises:
        MalformedError: the encoder would not have written it.
    """
    name, size = block[:100].rstrip(b"\0"), block[124:136]
    try:
        number = int.from_bytes(size[1:], "big") if size[:1] == b"\x80" else int(size[:11], 8)
        member = Member(name=name.decode("ascii"), size=number)
        right = number >= 0 and encode_block(member, at) == block
    except (ValueError, OverflowError) as error:
        raise MalformedError("The archive has a block that is none.") from error
    if not right:
        raise MalformedError("The archive has a block in another spelling.")
    return member


def padding(size: int) -> bytes:
    """The zeros after a file of this size."""
    return bytes(-size % BLOCK_BYTES)


def list_line(member: Member, sha256: bytes) -> bytes:
    """A file's line in the list: `sha256sum -c` reads it."""
    return f"{sha256.hex()}  {member.name}\n".encode("ascii")
