"""New keys for a data folder that exists, and a new passphrase for it.

Rules of this file: a key that is added is in force only when a card lists it; nothing here changes the card.
"""

import secrets
from dataclasses import dataclass
from pathlib import Path

from emla.bootstrap.system import lock_folder
from emla.keyring.files import GATEWAY_USES, OPENER_USES, FileUse, kept_keys, make_key, public_of, write_key
from emla.keyring.folder import FindSecret
from emla.keyring.key_file import SEED_BYTES, StoredKey, WrappedKey, encode_key, wrap_key
from emla.keyring.passphrase import Passphrase
from emla.keyring.pkcs11 import ID_BYTES, Token, make_token_key
from emla.keyring.private_files import replace_private
from emla.keyring.wrapping import (
    KEY_BYTES,
    NONCE_BYTES,
    SALT_BYTES,
    Work,
    is_wrapped,
    read_master,
    rewrite_wrap,
    wrapping_keys,
    write_wrap,
)

CARD_USES = (FileUse.SIGN, FileUse.LEDGER, FileUse.SEAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key that was added: where it is, and what a card says of it."""

    path: Path
    use: FileUse
    kid: str
    alg: str
    public: bytes


def add_key(
    folder: Path, use: FileUse, find_passphrase: FindSecret, *, token: Token | None, authority: str, now: int
) -> NewKey:
    """Make a key in the key folder: locked where the folder is locked, or in a token.

    Raises:
        ConfigurationError: ``key-locked``, ``wrong-passphrase``, ``unreadable-key``, or what the token answers.
    """
    if token is not None:
        object_id = secrets.token_bytes(ID_BYTES)
        in_token = make_token_key(token, use, authority=authority, object_id=object_id, created=now)
        return _added(write_key(folder, in_token), in_token.use, in_token.kid, in_token.alg, in_token.public)
    key = make_key(use, seed=secrets.token_bytes(SEED_BYTES), created=now)
    path = write_key(folder, key if not is_wrapped(folder) else _locked(folder, key, find_passphrase))
    return _added(path, use, key.kid, key.alg, public_of(key))


def _locked(folder: Path, key: StoredKey, find_passphrase: FindSecret) -> WrappedKey:
    wrapping_key = wrapping_keys(read_master(folder, find_passphrase()), (key.use,)).by_use[key.use]
    return wrap_key(key, wrapping_key, secrets.token_bytes(NONCE_BYTES))


def _added(path: Path, use: FileUse, kid: str, alg: str, public: bytes) -> NewKey:
    return NewKey(path=path, use=use, kid=kid, alg=alg, public=public)


def set_passphrase(data: Path, old: FindSecret, new: Passphrase, work: Work | None = None) -> tuple[str, ...]:
    """Lock the private keys of a data folder under a new passphrase; the names of the files that were in the clear.

    A crash leaves the old passphrase or the new one, and every key readable: a file is locked only when wrap.json is there.

    Raises:
        ConfigurationError: ``server-running``; ``key-locked``, ``wrong-passphrase`` or ``unreadable-key`` for the old one.
    """
    folder, work = data / "keys", work or Work()
    fresh = secrets.token_bytes(SALT_BYTES + NONCE_BYTES)
    with lock_folder(data):
        if is_wrapped(folder):
            master = read_master(folder, old())
            rewrite_wrap(folder, new, master, work=work, fresh=fresh)
        else:
            master = secrets.token_bytes(KEY_BYTES)
            write_wrap(folder, new, master, work=work, fresh=fresh)
        keys = wrapping_keys(master, FileUse)
        plain = [
            (path, key)
            for path, key in kept_keys(folder, GATEWAY_USES | OPENER_USES)
            if isinstance(key, StoredKey)
        ]
        for path, key in plain:
            wrapped = wrap_key(key, keys.by_use[key.use], secrets.token_bytes(NONCE_BYTES))
            replace_private(path, encode_key(wrapped))
    return tuple(path.name for path, _ in plain)
