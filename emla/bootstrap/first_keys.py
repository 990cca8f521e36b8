"""The first keys of an authority: made, put where they are kept, and able to sign its first documents.

Rules of this file:
- With a passphrase every file is locked, the root key's too; with a token, sign and ledger keys never are in a file.
- The root key lies apart from the others, because it belongs on removable media and not on the server.
"""

import secrets
from dataclasses import dataclass, field
from pathlib import Path

from emla.formats import ed1
from emla.keyring.files import FileUse, StoredKey, make_key, public_of, write_key
from emla.keyring.key_file import SEED_BYTES, TOKEN_USES, TokenKey, WrappedKey, wrap_key
from emla.keyring.media import MediaUse, make_media_key, write_media_key
from emla.keyring.passphrase import Passphrase
from emla.keyring.pkcs11 import ID_BYTES, Token, make_token_key, signer_of
from emla.keyring.private_files import write_private
from emla.keyring.wrapping import (
    KEY_BYTES,
    NONCE_BYTES,
    SALT_BYTES,
    Work,
    WrappingKeys,
    wrapping_keys,
    write_wrap,
)
from emla.model.signed import Signer

_README_HEAD = """\
This folder holds the ROOT KEY of your authority. Whoever has it can speak for your authority in every respect.
"""
_README_PLAIN = """\
It is NOT protected by a passphrase. Copy it under one at once:
    emla root new /media/stick/root.json --from root-*.json
"""
_README_LOCKED = """\
It opens with the passphrase that was given to `emla init`, and without it never again.
"""
_README_TAIL = """\

1. Bring the key to two removable media (for example two encrypted USB sticks).
2. Lock them away in two places, and note who may open them.
3. Delete the file here:    shred -u root-*.json
The server does not need it. You need it to publish a new card: once a year, and when a key or an address changes.
Better still, let several persons hold the root, on keys made elsewhere: docs/how-to/move-root-to-media.md.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """How the first keys are kept: under a passphrase or in the clear, and which token holds sign and ledger keys."""

    passphrase: Passphrase | None = None
    token: Token | None = None
    work: Work = field(default_factory=Work)
    """What a try of the passphrase costs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstKey:
    """A key that was made: what documents say of it, and what signs with it (a sealing or content key does not)."""

    use: FileUse
    kid: str
    alg: str
    public: bytes
    signer: Signer | None


def make_first_keys(
    building: Path, protection: Protection, *, authority: str, now: int, with_root: bool = True
) -> dict[FileUse, FirstKey]:
    """Make one key of every use below the folder that is being built; the root key only where it is not made elsewhere.

    Raises:
        ConfigurationError: a token does not do what it is asked.
    """
    folder = building / "keys"
    folder.mkdir(mode=0o700)
    wrapping = _lock_folder(folder, protection) if protection.passphrase else None
    made: dict[FileUse, FirstKey] = {}
    for use in FileUse:
        if use is FileUse.ROOT and not with_root:
            continue
        if use is FileUse.ROOT:
            made[use] = _make_root(building / "root", protection, authority, now)
        elif use in TOKEN_USES and protection.token:
            object_id = secrets.token_bytes(ID_BYTES)
            in_token = make_token_key(
                protection.token, use, authority=authority, object_id=object_id, created=now
            )
            write_key(folder, in_token)
            made[use] = _first(in_token, signer_of(in_token, protection.token))
        else:
            key = make_key(use, seed=secrets.token_bytes(SEED_BYTES), created=now)
            write_key(folder, _kept(key, wrapping))
            made[use] = _first(key, _file_signer(key))
    return made


def _lock_folder(folder: Path, protection: Protection) -> WrappingKeys:
    assert protection.passphrase is not None
    master = secrets.token_bytes(KEY_BYTES)
    fresh = secrets.token_bytes(SALT_BYTES + NONCE_BYTES)
    write_wrap(folder, protection.passphrase, master, work=protection.work, fresh=fresh)
    return wrapping_keys(master, FileUse)


def _kept(key: StoredKey, wrapping: WrappingKeys | None) -> StoredKey | WrappedKey:
    wrapping_key = wrapping.of(key.use) if wrapping else None
    return key if wrapping_key is None else wrap_key(key, wrapping_key, secrets.token_bytes(NONCE_BYTES))


def _make_root(folder: Path, protection: Protection, authority: str, now: int) -> FirstKey:
    folder.mkdir(mode=0o700)
    key = make_key(FileUse.ROOT, seed=secrets.token_bytes(SEED_BYTES), created=now)
    if protection.passphrase is None:
        write_key(folder, key)
    else:
        locked = make_media_key(
            MediaUse.ROOT,
            seed=key.seed,
            name=f"root of {authority}",
            passphrase=protection.passphrase,
            created=now,
            work=protection.work,
            fresh=secrets.token_bytes(SALT_BYTES + NONCE_BYTES),
        )
        write_media_key(folder / f"root-{key.kid}.json", locked)
    about = _README_LOCKED if protection.passphrase else _README_PLAIN
    write_private(folder / "README.txt", (_README_HEAD + about + _README_TAIL).encode())
    return _first(key, _file_signer(key))


def _file_signer(key: StoredKey) -> Signer | None:
    return ed1.SigningKey(key.seed, key.kid) if key.alg == ed1.NAME else None


def _first(key: StoredKey | TokenKey, signer: Signer | None) -> FirstKey:
    public = b"" if key.use is FileUse.CONTENT else public_of(key)
    return FirstKey(use=key.use, kid=key.kid, alg=key.alg, public=public, signer=signer)
