"""cc1: the payload suite. STREAM (as in age): chunks of 64 KiB under ChaCha20-Poly1305 (RFC 8439).

The nonce of a chunk is its number (11 bytes, big-endian) and a last byte that is 1 for the last chunk and 0 before: a chunk
cannot be dropped, moved, doubled or added without its tag failing. Seekable, so it is also the form at rest.
"""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

NAME = "cc1"
KEY_BYTES = 32
CHUNK_BYTES = 64 * 1024
TAG_BYTES = 16
_SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES


def chunk_count(stream_bytes: int) -> int:
    """Number of chunks of a plaintext stream; the empty stream has one, empty chunk."""
    return max(1, -(-stream_bytes // CHUNK_BYTES))


def sealed_size(stream_bytes: int) -> int:
    """Size of the payload, in bytes, of a plaintext stream of this size."""
    return stream_bytes + TAG_BYTES * chunk_count(stream_bytes)


def stream_size(payload_bytes: int) -> int | None:
    """Size of the plaintext stream of a payload of this size; None when no stream has such a payload."""
    chunks = -(-payload_bytes // _SEALED_CHUNK_BYTES)
    size = payload_bytes - TAG_BYTES * chunks
    if size < 0 or sealed_size(size) != payload_bytes:
        return None
    return size


def chunk_range(number: int, payload_bytes: int) -> tuple[int, int]:
    """Where chunk `number` stands in a payload: first byte and the byte after its last."""
    start = number * _SEALED_CHUNK_BYTES
    return start, min(start + _SEALED_CHUNK_BYTES, payload_bytes)


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\x01" if last else b"\x00")


class Sealer:
    """Seals a stream of any length in one pass. Feed with `update`, end with `finish`; memory is one chunk."""

    __slots__ = ("_buffer", "_cipher", "_number")

    def __init__(self, key: bytes) -> None:
        self._cipher = ChaCha20Poly1305(key)
        self._buffer = bytearray()
        self._number = 0

    def update(self, data: bytes | memoryview) -> bytes:
        """Take plaintext, return the sealed chunks it completes. The last chunk always waits for `finish`."""
        self._buffer += data
        if len(self._buffer) <= CHUNK_BYTES:
            return b""
        whole = (len(self._buffer) - 1) // CHUNK_BYTES
        sealed = bytearray(whole * _SEALED_CHUNK_BYTES)
        with memoryview(self._buffer) as source, memoryview(sealed) as target:
            for index in range(whole):
                start = index * CHUNK_BYTES
                place = index * _SEALED_CHUNK_BYTES
                self._cipher.encrypt_into(
                    _nonce(self._number, last=False),
                    source[start : start + CHUNK_BYTES],
                    None,
                    target[place : place + _SEALED_CHUNK_BYTES],
                )
                self._number += 1
        del self._buffer[: whole * CHUNK_BYTES]
        return bytes(sealed)

    def finish(self) -> bytes:
        """Return the last sealed chunk."""
        return self._cipher.encrypt(_nonce(self._number, last=True), bytes(self._buffer), None)


class Opener:
    """Opens chunks of one payload, in any order."""

    __slots__ = ("_cipher", "_last")

    def __init__(self, key: bytes, payload_bytes: int) -> None:
        size = stream_size(payload_bytes)
        if size is None:
            raise ValueError("No stream has a payload of this size.")
        self._cipher = ChaCha20Poly1305(key)
        self._last = chunk_count(size) - 1

    @property
    def chunks(self) -> int:
        """How many chunks the payload has."""
        return self._last + 1

    def open(self, number: int, sealed: bytes | memoryview) -> bytes | None:
        """Return the plaintext of a chunk; None when its tag does not fit this place."""
        try:
            return self._cipher.decrypt(_nonce(number, last=number == self._last), sealed, None)
        except (InvalidTag, ValueError):
            return None


def open_all(key: bytes, payload: bytes | memoryview) -> bytes | None:
    """Open a payload that is whole in memory; None when any chunk fails."""
    if stream_size(len(payload)) is None:
        return None
    opener = Opener(key, len(payload))
    parts: list[bytes] = []
    for number in range(opener.chunks):
        start, end = chunk_range(number, len(payload))
        plain = opener.open(number, payload[start:end])
        if plain is None:
            return None
        parts.append(plain)
    return b"".join(parts)


def seal_all(key: bytes, stream: bytes) -> bytes:
    """Seal a stream that is whole in memory."""
    sealer = Sealer(key)
    return sealer.update(stream) + sealer.finish()
