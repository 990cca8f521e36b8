"""Private keys of the folder as the next card lists them: public halves with windows.

Rules of this file: only public halves come out; a locked file is opened no longer than it takes to compute its public half.
"""

from pathlib import Path

from emla.bootstrap.initialise import SEALING_WINDOW_SECONDS, SIGNING_WINDOW_SECONDS
from emla.bootstrap.new_keys import CARD_USES, NewKey
from emla.keyring.files import kept_keys, public_of, read_key
from emla.keyring.folder import FindSecret
from emla.keyring.key_file import TokenKey, WrappedKey
from emla.keyring.wrapping import read_master, wrapping_keys
from emla.model.documents import CardKey, KeyUse
from emla.model.errors import NotFoundError


def card_key(key: NewKey, begin: int) -> CardKey:
    """A new key as a card lists it from an instant on, for as long as its use allows."""
    use = KeyUse(key.use.value)
    life = SEALING_WINDOW_SECONDS if use is KeyUse.SEAL else SIGNING_WINDOW_SECONDS
    return CardKey(
        kid=key.kid, use=use, alg=key.alg, public=key.public, not_before=begin, not_after=begin + life
    )


def find_key(folder: Path, digits: str, find_passphrase: FindSecret) -> NewKey:
    """The public half of a key in the folder, by its id or a beginning of it.

    Raises:
        NotFoundError: ``not-found``: there is none, or several begin so.
        ConfigurationError: ``key-locked``, ``wrong-passphrase`` or ``unreadable-key``.
    """
    uses = frozenset(CARD_USES)
    found = [(path, key) for path, key in kept_keys(folder, uses) if key.kid.startswith(digits)]
    if len(found) != 1 or len(digits) < 8:
        raise NotFoundError(
            "not-found", f"{len(found)} keys in {folder} have ids that begin with '{digits}'."
        )
    ((path, key),) = found
    if isinstance(key, TokenKey):
        return NewKey(path=path, use=key.use, kid=key.kid, alg=key.alg, public=key.public)
    wrapping = None
    if isinstance(key, WrappedKey):
        wrapping = wrapping_keys(read_master(folder, find_passphrase()), (key.use,))
    stored = read_key(path, wrapping)
    return NewKey(path=path, use=stored.use, kid=stored.kid, alg=stored.alg, public=public_of(stored))


def token_module(folder: Path, label: str) -> str | None:
    """The PKCS#11 library of a token that holds a key of this folder; None when it holds none."""
    for _, key in kept_keys(folder, frozenset(CARD_USES)):
        if isinstance(key, TokenKey) and key.token == label:
            return key.module
    return None
