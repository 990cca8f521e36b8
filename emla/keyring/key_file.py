"""One private key as a file: what it is, its bytes, and the three ways in which it may be kept.

- ``seed``: in the clear; the mode of the file is all that protects it.
- ``wrapped``: under the wrapping key of its use (`wrapping`).
- ``token``: not in the file at all; the file says in which token it is.

Rules of this file: name, members and key must agree, so that damage is noticed before anything is signed; no secret appears
in a representation or an error.
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum

from emla.formats import at_rest, ed1, h1, patterns, strict_json
from emla.formats.binding import key_id, labelled_key
from emla.formats.strict_json import Json, Members, encode_octets
from emla.keyring.wrapping import BOX_BYTES, open_key, seal_key
from emla.model.errors import MalformedError

VERSION = 1
CONTENT_ALG = "xchacha20"
SEED_BYTES = 32
FILE_BYTES_MAX = 4096
_TOKEN_ID = re.compile(r"([0-9a-f]{2}){1,64}", re.ASCII)


class FileUse(StrEnum):
    """What the key in a file is for. The first three are the card's; content keys never leave the house."""

    SIGN = "sign"
    LEDGER = "ledger"
    SEAL = "seal"
    CONTENT = "content"
    ROOT = "root"


_ALG = {
    FileUse.SIGN: ed1.NAME,
    FileUse.LEDGER: ed1.NAME,
    FileUse.ROOT: ed1.NAME,
    FileUse.SEAL: h1.NAME,
    FileUse.CONTENT: CONTENT_ALG,
}
TOKEN_USES = frozenset({FileUse.SIGN, FileUse.LEDGER})
"""The keys a token can hold: it must make Ed25519 signatures. No token opens an h1 stanza."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKey:
    """One private key: its use, its id, the 32 bytes it grows from, and when it was made (UNIX seconds)."""

    use: FileUse
    kid: str
    seed: bytes = field(repr=False)
    created: int

    @property
    def alg(self) -> str:
        """The suite the key belongs to."""
        return _ALG[self.use]


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenKey:
    """One private key that is in a token: where, under which id there, and its public half."""

    use: FileUse
    kid: str
    public: bytes
    module: str
    """Path of the token's PKCS#11 library."""
    token: str
    """The token's label."""
    object_id: bytes
    """The key's CKA_ID."""
    created: int

    @property
    def alg(self) -> str:
        """The suite the key belongs to."""
        return ed1.NAME


@dataclass(frozen=True, slots=True, kw_only=True)
class WrappedKey:
    """One private key that is locked: what is readable without its wrapping key."""

    use: FileUse
    kid: str
    box: bytes = field(repr=False)
    created: int

    def open(self, wrapping_key: bytes) -> StoredKey | None:
        """The key; None when the wrapping key or the box is another's."""
        seed = open_key(wrapping_key, self.box, _label(self.use, self.kid))
        if seed is None:
            return None
        return StoredKey(use=self.use, kid=self.kid, seed=seed, created=self.created)


KeptKey = StoredKey | WrappedKey | TokenKey


def make_key(use: FileUse, *, seed: bytes, created: int) -> StoredKey:
    """Make a key from 32 fresh random bytes."""
    if len(seed) != SEED_BYTES:
        raise ValueError("A key grows from 32 bytes.")
    return StoredKey(use=use, kid=kid_of(_ALG[use], seed), seed=seed, created=created)


def wrap_key(key: StoredKey, wrapping_key: bytes, nonce: bytes) -> WrappedKey:
    """Lock a key under the wrapping key of its use."""
    box = seal_key(wrapping_key, key.seed, _label(key.use, key.kid), nonce)
    return WrappedKey(use=key.use, kid=key.kid, box=box, created=key.created)


def public_of(key: StoredKey | TokenKey) -> bytes:
    """The public half of an ed1 or h1 key; a content key has none."""
    if isinstance(key, TokenKey):
        return key.public
    if key.alg == ed1.NAME:
        return ed1.SigningKey(key.seed, key.kid).public
    if key.alg == h1.NAME:
        return h1.SealingKey(key.seed, key.kid).public
    raise ValueError("A content key has no public half.")


def kid_of(alg: str, seed: bytes) -> str:
    """The id of the key that grows from a seed."""
    if alg == ed1.NAME:
        return key_id(alg, ed1.SigningKey(seed, "").public)
    if alg == h1.NAME:
        return key_id(alg, h1.SealingKey(seed).public)
    return labelled_key(seed, "emla/1 content kid", b"")[:16].hex()


def is_whole(key: StoredKey) -> bool:
    """Whether the key is the one its id names: computed again, so that a damaged seed is noticed."""
    return key.kid == kid_of(key.alg, key.seed)


def _label(use: FileUse, kid: str) -> bytes:
    return f"emla/1 key file\0{use.value}\0{kid}".encode("ascii")


def encode_key(key: KeptKey) -> bytes:
    """Encode a key file."""
    members: dict[str, Json] = {
        "v": VERSION,
        "use": key.use.value,
        "alg": _ALG[key.use],
        "kid": key.kid,
        "created": key.created,
    }
    if isinstance(key, StoredKey):
        members["seed"] = encode_octets(key.seed)
    elif isinstance(key, WrappedKey):
        members["wrapped"] = encode_octets(key.box)
    else:
        members["public"] = encode_octets(key.public)
        members["token"] = {"module": key.module, "label": key.token, "id": key.object_id.hex()}
    return strict_json.encode(members)


def decode_key(data: bytes) -> KeptKey:
    """Decode a key file.

    Raises:
        MalformedError: it has not this form.
        ValueError: it is for an unknown use.
    """
    members = Members(strict_json.decode(data, FILE_BYTES_MAX), "key file")
    members.integer("v", VERSION, VERSION)
    use, alg = FileUse(members.text("use")), members.text("alg")
    kid, created = members.text("kid", patterns.KID), members.integer("created")
    if alg != _ALG[use]:
        raise MalformedError("key file names the wrong suite for its use.")
    key: KeptKey
    if members.has("token"):
        key = _decode_token(members, use, kid, created)
    elif members.has("wrapped"):
        key = WrappedKey(use=use, kid=kid, box=members.octets("wrapped", BOX_BYTES), created=created)
    else:
        key = StoredKey(use=use, kid=kid, seed=members.octets("seed", at_rest.KEY_BYTES), created=created)
    members.finish()
    return key


def _decode_token(members: Members, use: FileUse, kid: str, created: int) -> TokenKey:
    public, place = members.octets("public", ed1.PUBLIC_BYTES), members.members("token")
    key = TokenKey(
        use=use,
        kid=kid,
        public=public,
        module=place.line("module", 1024),
        token=place.line("label", 32),
        object_id=bytes.fromhex(place.text("id", _TOKEN_ID)),
        created=created,
    )
    place.finish()
    if use not in TOKEN_USES or kid != key_id(ed1.NAME, public):
        raise MalformedError("key file names a token for a key that none can hold, or another key's id.")
    return key
