"""Passwords of people: Argon2id, by PyNaCl. Slow on purpose, so never on the event loop, and one at a time.

64 MiB and three passes: 0.15-0.2 s and 64 MiB for each guess on one core of a small server. Three times what OWASP asks for, and
small enough for a server of 1 GiB. The hash names its parameters, so that they can be raised without anybody's help.
"""

import secrets
from functools import cache

from nacl.exceptions import InvalidkeyError
from nacl.pwhash import argon2id

PASSES = 3
MEMORY_BYTES = 64 * 1024**2
LEAST_CHARACTERS = 12
MOST_CHARACTERS = 256


def hash_password(password: str) -> bytes:
    """What is kept of a password."""
    return argon2id.str(password.encode("utf-8"), opslimit=PASSES, memlimit=MEMORY_BYTES)


@cache
def _nobodys() -> bytes:
    """Compared with where there is no password: whoever asks must not learn from the time who is on record."""
    return hash_password(secrets.token_hex(16))


def is_password(kept: bytes | None, password: str) -> bool:
    """Whether a password is the one whose hash is kept; takes as long when none is."""
    try:
        argon2id.verify(kept or _nobodys(), password.encode("utf-8"))
    except InvalidkeyError:
        return False
    return kept is not None
