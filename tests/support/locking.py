"""Passphrases and their cost in tests: as cheap as libsodium allows."""

import os

from nacl.pwhash import argon2id

from emla.keyring.passphrase import Passphrase
from emla.keyring.wrapping import NONCE_BYTES, SALT_BYTES, Work

QUICK = Work(ops=argon2id.OPSLIMIT_MIN, memory_bytes=argon2id.MEMLIMIT_MIN)
QUICK_DEFAULTS = {"ops": QUICK.ops, "memory_bytes": QUICK.memory_bytes}
"""What `Work` takes for what it is not told, where passphrases are typed by the dozen."""
SECRET_TEXT = "orbit lamp canal stork fig"
PASSPHRASE = Passphrase(SECRET_TEXT.encode())
WRONG = Passphrase(b"orbit lamp canal stork fog")


def fresh() -> bytes:
    """Salt and nonce."""
    return os.urandom(SALT_BYTES + NONCE_BYTES)
