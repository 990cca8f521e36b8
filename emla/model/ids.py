"""Ids that begin with the time they were made at: UUIDv7 (RFC 9562, 5.7).

What is stored under such ids goes to the end of its index, however much is there, and not to a page of its own somewhere in it
(docs/adr/0055). An id that people tell apart by its first letters, as that of a case, stays random.
"""

UUID_BYTES = 16
_VERSION, _VARIANT = 0x70, 0x80


def uuid7(at: int, random: bytes) -> bytes:
    """An id that sorts behind those of the seconds before.

    Args:
        at: UNIX seconds; of the milliseconds that the format has room for nothing is told, as nowhere on the wire.
        random: 16 fresh random bytes, of which 74 bits remain.
    """
    random = random[-10:]
    return b"".join(
        (
            (at * 1000).to_bytes(6, "big"),
            bytes((_VERSION | random[0] & 0x0F, random[1], _VARIANT | random[2] & 0x3F)),
            random[3:],
        )
    )
