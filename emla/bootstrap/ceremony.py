"""The ceremony of the root, offline: keys on removable media, drafts that go from signer to signer, revocations.

Rules of this file:
- No server, no data folder is changed: files in, files out, on a machine that may have no network.
- A root key signs only a root, a card or a revocation, never bytes it was merely handed: what is signed was decoded first.
- A file is never written over, but for a draft that gains a signature: it is replaced whole.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from emla.bootstrap.initialise import ROOT_LIFE_SECONDS
from emla.formats import documents as form
from emla.formats import dsse, ed1
from emla.formats.export import decode_export
from emla.formats.standing import decode_revocation, encode_revocation
from emla.keyring.files import read_key
from emla.keyring.key_file import SEED_BYTES
from emla.keyring.media import (
    MediaUse,
    PublicKeyFile,
    make_media_key,
    open_media_key,
    open_plain_root,
    read_media_key,
    seed_of,
    write_media_key,
)
from emla.keyring.passphrase import Passphrase
from emla.keyring.wrapping import NONCE_BYTES, SALT_BYTES, Work
from emla.model.documents import Authority, Card, Revocation, Root, RootKey
from emla.model.errors import ConfigurationError, InvalidDocumentError, MalformedError
from emla.model.limits import WIRE
from emla.model.signed import PayloadType, Signature, SignedObject
from emla.steps.trust import trust_documents

DRAFT_KINDS = frozenset({PayloadType.ROOT, PayloadType.CARD})
FindPassphrase = Callable[[], Passphrase]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A root or card on its way from signer to signer."""

    signed: SignedObject
    document: Root | Card

    @property
    def signers(self) -> frozenset[str]:
        """Whose signatures it has."""
        return frozenset(each.kid for each in self.signed.signatures)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedKey:
    """A root or officer key, opened for one command."""

    use: MediaUse
    name: str
    signer: ed1.SigningKey


def new_media_key(
    path: Path,
    use: MediaUse,
    *,
    name: str,
    passphrase: Passphrase,
    now: int,
    seed: bytes | None = None,
    work: Work | None = None,
) -> PublicKeyFile:
    """Make a key on removable media, with its public half beside it; from a seed, the same key under another passphrase.

    Raises:
        ConfigurationError: ``unwritable-file``, or ``bad-setting`` for a name that cannot be shown.
    """
    try:
        key = make_media_key(
            use,
            seed=seed or secrets.token_bytes(SEED_BYTES),
            name=name,
            passphrase=passphrase,
            created=now,
            work=work or Work(),
            fresh=secrets.token_bytes(SALT_BYTES + NONCE_BYTES),
        )
    except MalformedError as error:
        raise ConfigurationError("bad-setting", error.detail) from error
    write_media_key(path, key)
    return key.about


def open_key(path: Path, use: MediaUse, find_passphrase: FindPassphrase) -> OpenedKey:
    """Open a key file of a use; a root key that is not locked opens without a passphrase.

    Raises:
        ConfigurationError: ``unreadable-file``, ``unreadable-key``, ``key-locked`` or ``wrong-passphrase``.
    """
    locked = read_media_key(path)
    if locked is None:
        opened = OpenedKey(use=MediaUse.ROOT, name="root", signer=open_plain_root(path))
    else:
        signer = open_media_key(path, locked, find_passphrase())
        opened = OpenedKey(use=locked.about.use, name=locked.about.name, signer=signer)
    if opened.use is not use:
        raise ConfigurationError("unreadable-key", f"{path} is a key of use '{opened.use}', not '{use}'.")
    return opened


def read_draft(path: Path) -> Draft:
    """Read a draft, or a signed root or card.

    Raises:
        ConfigurationError: ``unreadable-file``.
        InvalidDocumentError: ``invalid-document``.
    """
    try:
        with path.open("rb") as file:
            data = file.read(WIRE.document_bytes + 1)
        signed = dsse.decode_draft(data, DRAFT_KINDS, WIRE.document_bytes)
        decode = form.decode_root if signed.payload_type is PayloadType.ROOT else form.decode_card
        return Draft(signed=signed, document=decode(signed.payload))
    except OSError as error:
        raise ConfigurationError("unreadable-file", f"{path}: {error.strerror}.") from error
    except MalformedError as error:
        raise InvalidDocumentError("invalid-document", f"{path}: {error.detail}") from error


def add_signature(
    draft: Draft, signer: ed1.SigningKey, authority: Authority | None, beside: Root | None = None
) -> bytes:
    """Add a signature to a draft; the encoded result.

    Args:
        draft: what is signed.
        signer: a root key.
        authority: the documents in force, where they are at hand: whose root keys may sign is then known.
        beside: the next root, when it is signed together with this card under it.

    Raises:
        InvalidDocumentError: ``invalid-document``: the key has no say in it, signed it already, or it is another authority's.
    """
    if signer.kid in draft.signers:
        raise InvalidDocumentError("invalid-document", f"The key {signer.kid} has signed it already.")
    if authority is not None and draft.document.authority != authority.id:
        words = f"It is a document of {draft.document.authority}, not of {authority.id}."
        raise InvalidDocumentError("invalid-document", words)
    _require_say(draft.document, signer.kid, authority, beside)
    message = dsse.pre_authentication_encoding(draft.signed.payload_type, draft.signed.payload)
    added = Signature(kid=signer.kid, sig=signer.sign(message))
    return dsse.encode(replace(draft.signed, signatures=(*draft.signed.signatures, added)))


def _require_say(document: Root | Card, kid: str, authority: Authority | None, beside: Root | None) -> None:
    """Refuse a root key that has no say in a document, as far as the roots at hand tell."""
    known = [each for each in (authority.root if authority else None, beside) if each is not None]
    if any(each.authority != document.authority for each in known):
        raise InvalidDocumentError("invalid-document", "Root and card are not of the same authority.")
    if isinstance(document, Root):
        judges = [document, *known]
    else:
        judges = [each for each in known if each.version == document.root_version] or known
        if not known:
            return
    if kid in {key.kid for root in judges for key in root.keys}:
        return
    if isinstance(document, Card) and all(each.version != document.root_version for each in known):
        words = f"The card is under root version {document.root_version}: sign it together with that root, in one command."
        raise InvalidDocumentError("invalid-document", words)
    raise InvalidDocumentError("invalid-document", f"The key {kid} has no say in this document.")


def still_needed(
    draft: Draft, authority: Authority | None, beside: Root | None = None
) -> tuple[str, ...] | None:
    """In words, which signatures a draft lacks to be published; None when its root is not known here."""
    document = draft.document
    known = [each for each in (authority.root if authority else None, beside) if each is not None]
    if isinstance(document, Card):
        roots = [each for each in known if each.version == document.root_version]
        wanted = [(each, "of the root's keys") for each in roots[:1]]
    else:
        before = [each for each in known if each.version == document.version - 1]
        wanted = [
            (document, "of the new root's keys"),
            *((each, "of the present root's keys") for each in before),
        ]
    if not wanted:
        return None
    lacking = (
        (root.threshold - len(draft.signers & {key.kid for key in root.keys}), words)
        for root, words in wanted
    )
    return tuple(f"{count} more {words}" for count, words in lacking if count > 0)


def next_root(
    known: Authority,
    *,
    add: tuple[PublicKeyFile, ...],
    remove: frozenset[str],
    threshold: int | None,
    now: int,
) -> bytes:
    """The draft of the next root, without a signature: the known one with keys added and removed.

    Raises:
        InvalidDocumentError: ``invalid-document``: it would be no root.
    """
    keys = {each.kid: each for each in known.root.keys}
    if unknown := remove - keys.keys():
        raise InvalidDocumentError("invalid-document", f"The root has no key {', '.join(sorted(unknown))}.")
    for each in add:
        if each.use is not MediaUse.ROOT:
            raise InvalidDocumentError("invalid-document", f"The key of {each.name} is not a root key.")
        keys[each.kid] = RootKey(kid=each.kid, public=each.public)
    root = Root(
        authority=known.id,
        version=known.root.version + 1,
        keys=tuple(key for kid, key in sorted(keys.items()) if kid not in remove),
        threshold=known.root.threshold if threshold is None else threshold,
        created=now,
        expires=now + ROOT_LIFE_SECONDS,
        prev=known.root_sha256,
    )
    payload = form.encode_root(root)
    try:
        form.decode_root(payload)
    except MalformedError as error:
        raise InvalidDocumentError("invalid-document", error.detail) from error
    return dsse.encode(SignedObject(payload_type=PayloadType.ROOT, payload=payload, signatures=()))


def revoke(
    known: Authority, signer: ed1.SigningKey, *, kid: str | None, since: int, reason: str, now: int
) -> bytes:
    """A signed revocation of one operational key, or of all trust until the next root; checked as a peer will.

    Raises:
        InvalidDocumentError: ``invalid-document``: the key is not of the root, the kid not of the card, the reason no line.
    """
    if signer.kid not in {each.kid for each in known.root.keys}:
        raise InvalidDocumentError("invalid-document", f"The key {signer.kid} is not of the present root.")
    if kid is not None and kid not in {each.kid for each in known.card.keys}:
        raise InvalidDocumentError("invalid-document", f"The card has no key {kid}.")
    revocation = Revocation(
        authority=known.id,
        root_version=known.root.version,
        kid=kid,
        invalid_since=since,
        created=now,
        reason=reason,
    )
    signed = dsse.sign(PayloadType.REVOCATION, encode_revocation(revocation), signer)
    documents = known.documents
    offered = replace(documents, status=None, revocations=(*documents.revocations, signed))
    trust_documents(offered, known=offered)
    return signed


def read_revocation(path: Path) -> tuple[Revocation, bytes] | None:
    """Read a signed revocation, with its bytes; None when the file is something else. Who signed it, the server checks.

    Raises:
        ConfigurationError: ``unreadable-file``.
    """
    try:
        with path.open("rb") as file:
            data = file.read(WIRE.document_bytes + 1)
        return decode_revocation(form.decode_signed(data, PayloadType.REVOCATION).payload), data
    except OSError as error:
        raise ConfigurationError("unreadable-file", f"{path}: {error.strerror}.") from error
    except MalformedError:
        return None


def read_documents(path: Path) -> Authority:
    """Read exported documents, as the ceremony takes them from whoever brings them: who signs compares the fingerprint.

    Raises:
        ConfigurationError: ``unreadable-file``.
        InvalidDocumentError: ``invalid-document``.
    """
    try:
        with path.open("rb") as file:
            data = file.read(WIRE.documents_bytes + 1)
    except OSError as error:
        raise ConfigurationError("unreadable-file", f"{path}: {error.strerror}.") from error
    return trusted_export(data, str(path))


def trusted_export(data: bytes, where: str) -> Authority:
    """The same of bytes; `where` says in an error what they are.

    Raises:
        InvalidDocumentError: ``invalid-document``.
    """
    try:
        documents = decode_export(data)
        return trust_documents(documents, known=documents)
    except MalformedError as error:
        raise InvalidDocumentError("invalid-document", f"{where}: {error.detail}") from error


def seed_of_root(path: Path, find_passphrase: FindPassphrase) -> bytes:
    """The seed of a root key, to lock the same key under another passphrase.

    Raises:
        ConfigurationError: as `open_key`.
    """
    locked = read_media_key(path)
    return read_key(path).seed if locked is None else seed_of(path, locked, find_passphrase())


def seed_of_backup_key(path: Path, find_passphrase: FindPassphrase) -> bytes:
    """The seed of a backup key, to lock the same key under another passphrase.

    Raises:
        ConfigurationError: ``unreadable-file``, ``unreadable-key``, ``key-locked`` or ``wrong-passphrase``.
    """
    locked = read_media_key(path)
    if locked is None or locked.about.use is not MediaUse.BACKUP:
        raise ConfigurationError("unreadable-key", f"{path} is not a key of backups.")
    return seed_of(path, locked, find_passphrase())
