"""A sealed chunk that opens under two keys: why a payload needs a commitment to its key.

Poly1305 is linear: two free blocks are enough to make one tag good under two keys (Len, Grubbs and
Ristenpart, Partitioning Oracle Attacks, 2021).
"""

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms

_PRIME = 2**130 - 5
_CLAMP = 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
_TOP = 1 << 128
_NONCE = bytes(11) + b"\x01"
"""The only chunk of its payload."""
_LENGTHS = _TOP + (32 << 64)
"""No associated data, 32 bytes of ciphertext."""


def _one_time_key(key: bytes) -> tuple[int, int]:
    block = Cipher(algorithms.ChaCha20(key, bytes(4) + _NONCE), None).encryptor().update(bytes(32))
    return int.from_bytes(block[:16], "little") & _CLAMP, int.from_bytes(block[16:], "little")


def opens_under_both(one: bytes, two: bytes) -> bytes:
    """Make a one-chunk payload of 32 bytes of text whose tag is good under both keys.

    The tag is x r^3 + y r^2 + lengths r + s for each key's r and s: two equations in the blocks x and y,
    solved for one tag
    after another until both are blocks that can stand (one tag in sixteen).
    """
    (r1, s1), (r2, s2) = _one_time_key(one), _one_time_key(two)
    inverse = pow((r1 * r2) ** 2 * (r1 - r2), -1, _PRIME)
    for tag in range(10_000):
        wanted1 = (tag - s1) % _TOP - _LENGTHS * r1
        wanted2 = (tag - s2) % _TOP - _LENGTHS * r2
        x = (wanted1 * r2**2 - wanted2 * r1**2) * inverse % _PRIME
        y = (wanted2 * r1**3 - wanted1 * r2**3) * inverse % _PRIME
        if x >> 128 == 1 and y >> 128 == 1:
            blocks = [value % _TOP for value in (x, y, tag)]
            return b"".join(block.to_bytes(16, "little") for block in blocks)
    raise ArithmeticError("no tag found")
