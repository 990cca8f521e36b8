"""The authority that lives in a data folder: its documents and its keys."""

from pathlib import Path

from emla.flow.gateway import Identity
from emla.formats.export import decode_export
from emla.keyring.files import GATEWAY_USES, FileUse, Keyring, read_keys
from emla.ledger.batch import LedgerKey
from emla.model.documents import Authority, KeyUse
from emla.model.errors import ConfigurationError, MalformedError
from emla.steps.trust import trust_documents

DATABASE = "emla.db"
SOCKET = "emla.sock"


def own_authority(data: Path) -> Authority:
    """Read and check the authority's own documents.

    Raises:
        ConfigurationError: ``not-initialised`` or ``unreadable-file``.
        InvalidDocumentError: the documents do not hold together.
    """
    path = data / "documents" / "own.json"
    try:
        documents = decode_export(path.read_bytes())
        return trust_documents(documents, known=documents)
    except FileNotFoundError as error:
        raise ConfigurationError("not-initialised", f"{data} holds no authority.") from error
    except OSError as error:
        raise ConfigurationError("unreadable-file", f"{path}: {error.strerror}") from error
    except MalformedError as error:
        raise ConfigurationError("unreadable-file", f"{path}: {error.detail}") from error


def gateway_keys(data: Path) -> Keyring:
    """Read the keys that gateway and desk hold; never the sealing key."""
    return read_keys(data / "keys", GATEWAY_USES)


def identity_of(authority: Authority, keys: Keyring, now: int) -> Identity:
    """Put documents and keys together; the newest valid sign key of the card signs."""
    key = authority.newest(KeyUse.SIGN, now)
    if key is None:
        raise ConfigurationError("unreadable-key", "The card has no valid sign key; publish a new card.")
    return Identity(
        authority=authority, signer=keys.signer(FileUse.SIGN, key.kid), content_key=keys.content_key
    )


def ledger_key_of(authority: Authority, keys: Keyring, now: int) -> LedgerKey:
    """The key that signs checkpoints."""
    key = authority.newest(KeyUse.LEDGER, now)
    if key is None:
        raise ConfigurationError("unreadable-key", "The card has no valid ledger key; publish a new card.")
    signer = keys.signer(FileUse.LEDGER, key.kid)
    return LedgerKey(origin=authority.card.ledger_origin, public=key.public, sign=signer.sign)


def ledger_public(authority: Authority) -> bytes:
    """The public key of the authority's ledger: the one that took effect last."""
    keys = authority.keys(KeyUse.LEDGER)
    return max(keys, key=lambda key: key.not_before).public
