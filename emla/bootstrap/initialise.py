"""initialise: an empty data folder -> an authority, with keys, documents and settings. What `emla init` does.

Rules of this file:
- All or nothing: everything is made in a folder beside, checked as a peer would check it, made durable, and then renamed. A
  crash leaves at most a folder ``.<name>.new-...`` that nothing reads.
- How keys are made and kept is in `first_keys`.
- Where the root keys are held offline from the beginning, the folder is *prepared* with drafts, and *complete* when the root has
  signed them; before that it is no authority and no server starts on it.
"""

import errno
import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from emla.bootstrap.first_keys import FirstKey, Protection, make_first_keys
from emla.bootstrap.settings_file import first_settings
from emla.formats import documents as form
from emla.formats import dsse, export, patterns
from emla.keyring.files import FileUse
from emla.keyring.private_files import sync_folder, write_private
from emla.keyring.tls import write_tls
from emla.model.documents import Authority, Card, CardKey, Documents, Endpoint, KeyUse, Profile, Root, RootKey
from emla.model.errors import ConfigurationError, InvalidDocumentError, MalformedError
from emla.model.limits import WIRE
from emla.model.package import SUITES
from emla.model.requirements import NOTHING, Electronic, Requirements
from emla.model.settings import PeerSettings
from emla.model.signed import PayloadType, SignedObject, Signer
from emla.steps.trust import trust_documents

_DAY = 86400
ROOT_LIFE_SECONDS = 730 * _DAY
CARD_LIFE_SECONDS = 399 * _DAY
SEALING_WINDOW_SECONDS = 395 * _DAY
"""A year, and the 30 days in which the old and the new key overlap."""
SIGNING_WINDOW_SECONDS = ROOT_LIFE_SECONDS
PAYLOAD_BYTES_MAX = 100 * 1024**3
HUBS_MAX = 8
_OWN = Path("documents") / "own.json"
_ROOT_DRAFT = Path("documents") / "root-draft.json"
_CARD_DRAFT = Path("documents") / "card-draft.json"
_PROFILE = Path("documents") / "profile.json"
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Initialised:
    """What was made: the authority, its fingerprint to be read over the telephone, and where things are."""

    authority: Authority
    fingerprint: str
    documents: Path
    settings: Path
    root_key: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a new authority says of itself; as `emla.model.documents.Profile`, with the address at which peers reach it.

    `endpoint_url` is empty where nobody can reach it from outside; then it names `hubs` that hold what is for it.
    """

    authority: str
    names: tuple[tuple[str, str], ...]
    endpoint_url: str
    country: str
    contacts: tuple[tuple[str, str], ...]
    languages: tuple[str, ...]
    time_zone: str
    office_hours: str
    electronic_acceptance: str = Electronic.ALL
    hubs: tuple[str, ...] = ()
    requirements: Requirements = NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class OfflineRoot:
    """Root keys that were made elsewhere, of which only the public halves come here."""

    keys: tuple[RootKey, ...]
    threshold: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """An authority that waits for the signatures of its root."""

    root_draft: Path
    card_draft: Path
    settings: Path


def initialise(data: Path, about: About, *, now: int, protection: Protection | None = None) -> Initialised:
    """Make an authority with a root key of its own in an empty or missing folder.

    Args:
        data: the data folder; it appears whole or not at all.
        about: what the authority says of itself.
        now: UNIX seconds.
        protection: how the private keys are kept; absent: in the clear, protected by their mode alone.

    Raises:
        ConfigurationError: ``already-initialised``, ``bad-setting`` or ``disk-full``; what a token answers.
    """

    def fill(
        building: Path, keys: dict[FileUse, FirstKey], endpoint: Endpoint | None
    ) -> tuple[Authority, str]:
        root_key = keys[FileUse.ROOT]
        root = _first_root(about.authority, (RootKey(kid=root_key.kid, public=root_key.public),), 1, now)
        root_payload = form.encode_root(root)
        documents = Documents(
            roots=(dsse.sign(PayloadType.ROOT, root_payload, _signer(root_key)),),
            card=dsse.sign(
                PayloadType.CARD, form.encode_card(_first_card(about, keys, endpoint, now)), _signer(root_key)
            ),
            profile=_signed_profile(about, keys, now),
        )
        trusted = _check(documents)
        write_private(building / _OWN, export.encode_export(documents))
        return trusted, root_key.kid

    data = data.absolute()
    trusted, kid = _in_new_folder(data, about, protection or Protection(), now, with_root=True, fill=fill)
    payload = form.decode_signed(trusted.documents.roots[0], PayloadType.ROOT).payload
    return Initialised(
        authority=trusted,
        fingerprint=export.fingerprint(payload, trusted.id),
        documents=data / _OWN,
        settings=data / "emla.toml",
        root_key=data / "root" / f"root-{kid}.json",
    )


def prepare(
    data: Path, about: About, root: OfflineRoot, *, now: int, protection: Protection | None = None
) -> Prepared:
    """Make everything of an authority but the signatures of its root, whose keys never come here; see `complete`.

    Raises:
        ConfigurationError: as `initialise`.
    """

    def fill(building: Path, keys: dict[FileUse, FirstKey], endpoint: Endpoint | None) -> None:
        payload = form.encode_root(_first_root(about.authority, root.keys, root.threshold, now))
        card = form.encode_card(_first_card(about, keys, endpoint, now))
        try:
            form.decode_root(payload)
            form.decode_card(card)
        except MalformedError as error:
            raise ConfigurationError("bad-setting", error.detail) from error
        for path, kind, data in (
            (_ROOT_DRAFT, PayloadType.ROOT, payload),
            (_CARD_DRAFT, PayloadType.CARD, card),
        ):
            draft = dsse.encode(SignedObject(payload_type=kind, payload=data, signatures=()))
            write_private(building / path, draft)
        write_private(building / _PROFILE, _signed_profile(about, keys, now))

    data = data.absolute()
    _in_new_folder(data, about, protection or Protection(), now, with_root=False, fill=fill)
    return Prepared(root_draft=data / _ROOT_DRAFT, card_draft=data / _CARD_DRAFT, settings=data / "emla.toml")


def complete(data: Path, root: bytes, card: bytes, *, dry_run: bool = False) -> Authority:
    """Let the signed root and card of a prepared authority take effect.

    Args:
        data: the folder that `prepare` made.
        root: the signed root.
        card: the signed card.
        dry_run: only look whether it would.

    Raises:
        ConfigurationError: ``not-initialised``: nothing was prepared here; ``already-initialised``: it is complete.
        InvalidDocumentError: ``invalid-document``: signatures are missing, or it is not what was prepared.
    """
    data = data.absolute()
    if (data / _OWN).exists():
        raise ConfigurationError("already-initialised", f"{data} holds a complete authority.")
    prepared = []
    for path in (_ROOT_DRAFT, _CARD_DRAFT, _PROFILE):
        if not (data / path).exists():
            raise ConfigurationError("not-initialised", f"Nothing in {data} waits for a root's signatures.")
        prepared.append((data / path).read_bytes())
    kinds = frozenset({PayloadType.ROOT, PayloadType.CARD})
    try:
        for ours, theirs in zip(prepared[:2], (root, card), strict=True):
            drafts = [dsse.decode_draft(each, kinds, WIRE.document_bytes) for each in (ours, theirs)]
            if drafts[0].payload != drafts[1].payload:
                raise InvalidDocumentError(
                    "invalid-document", "It is not the document that was prepared here."
                )
        documents = Documents(roots=(root,), card=card, profile=prepared[2])
        trusted = trust_documents(export.decode_export(export.encode_export(documents)))
    except MalformedError as error:
        raise InvalidDocumentError("invalid-document", error.detail) from error
    if dry_run:
        return trusted
    # Before this there is no authority here, after it a whole one; what is left of the drafts is read by nobody.
    write_private(data / _OWN, export.encode_export(documents))
    for path in (_ROOT_DRAFT, _CARD_DRAFT, _PROFILE):
        (data / path).unlink()
    return trusted


def _in_new_folder(
    data: Path,
    about: About,
    protection: Protection,
    now: int,
    *,
    with_root: bool,
    fill: Callable[[Path, dict[FileUse, FirstKey], Endpoint | None], T],
) -> T:
    """Make keys and settings in a folder beside, let `fill` write the documents, then put it in place."""
    _refuse_what_is_there(data)
    if not patterns.AUTHORITY.fullmatch(about.authority):
        raise ConfigurationError("bad-setting", f"'{about.authority}' is not an authority id such as at.moj.")
    _check_hubs(about)
    url = about.endpoint_url
    host, port = _host_and_port(url) if url else ("localhost", PeerSettings().listen_port)
    building = data.with_name(f".{data.name}.new-{secrets.token_hex(4)}")
    try:
        building.mkdir(mode=0o700, parents=True)
        keys = make_first_keys(building, protection, authority=about.authority, now=now, with_root=with_root)
        tls = write_tls(building / "tls", host=host, now=now)
        (building / "documents").mkdir(mode=0o700)
        # The key is made in any case: an endpoint may come with a later card.
        endpoint = Endpoint(url=url, spki_sha256=tls.spki_sha256) if url else None
        result = fill(building, keys, endpoint)
        write_private(building / "emla.toml", first_settings(host, port).encode())
        _put_in_place(building, data)
    except OSError as error:
        code = "disk-full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "bad-setting"
        raise ConfigurationError(code, f"{data} cannot be written: {error.strerror}.") from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return result


def _refuse_what_is_there(data: Path) -> None:
    if data.exists() and (not data.is_dir() or any(data.iterdir())):
        raise ConfigurationError("already-initialised", f"{data} is not an empty folder.")


def _check_hubs(about: About) -> None:
    hubs = about.hubs
    if wrong := [each for each in hubs if not patterns.AUTHORITY.fullmatch(each) or each == about.authority]:
        raise ConfigurationError("bad-setting", f"'{wrong[0]}' is not the id of a hub, such as hub.example.")
    if len(set(hubs)) != len(hubs) or len(hubs) > HUBS_MAX:
        raise ConfigurationError("bad-setting", f"A card names each hub once, and at most {HUBS_MAX}.")
    if not about.endpoint_url and not hubs:
        raise ConfigurationError("bad-setting", "Without an endpoint and a hub nobody could reach it.")


def _host_and_port(endpoint_url: str) -> tuple[str, int]:
    try:
        split = urlsplit(endpoint_url)
        port = split.port or 443
    except ValueError:
        split, port = urlsplit(""), 0
    if split.scheme != "https" or not split.hostname:
        raise ConfigurationError("bad-setting", f"'{endpoint_url}' is not an https address.")
    return split.hostname, port


def _first_root(authority: str, keys: tuple[RootKey, ...], threshold: int, now: int) -> Root:
    return Root(
        authority=authority,
        version=1,
        keys=keys,
        threshold=threshold,
        created=now,
        expires=now + ROOT_LIFE_SECONDS,
        prev=None,
    )


def _first_card(about: About, keys: dict[FileUse, FirstKey], endpoint: Endpoint | None, now: int) -> Card:
    return Card(
        authority=about.authority,
        version=1,
        root_version=1,
        keys=(
            _card_key(keys[FileUse.SIGN], KeyUse.SIGN, now, SIGNING_WINDOW_SECONDS),
            _card_key(keys[FileUse.LEDGER], KeyUse.LEDGER, now, SIGNING_WINDOW_SECONDS),
            _card_key(keys[FileUse.SEAL], KeyUse.SEAL, now, SEALING_WINDOW_SECONDS),
        ),
        endpoints=(endpoint,) if endpoint else (),
        hubs=about.hubs,
        suites=SUITES,
        ledger_origin=f"{about.authority}/emla/1/1",
        epoch=1,
        payload_bytes_max=PAYLOAD_BYTES_MAX,
        created=now,
        expires=now + CARD_LIFE_SECONDS,
    )


def _signed_profile(about: About, keys: dict[FileUse, FirstKey], now: int) -> bytes:
    profile = Profile(
        authority=about.authority,
        version=1,
        country=about.country,
        names=about.names,
        contacts=about.contacts,
        languages=about.languages,
        electronic_acceptance=about.electronic_acceptance,
        time_zone=about.time_zone,
        office_hours=about.office_hours,
        created=now,
        requirements=about.requirements,
    )
    return dsse.sign(PayloadType.PROFILE, form.encode_profile(profile), _signer(keys[FileUse.SIGN]))


def _signer(key: FirstKey) -> Signer:
    assert key.signer is not None
    return key.signer


def _card_key(key: FirstKey, use: KeyUse, now: int, window_seconds: int) -> CardKey:
    # The window begins a little before `now`, so that a clock set back within the allowed skew does not void a signature.
    return CardKey(
        kid=key.kid,
        use=use,
        alg=key.alg,
        public=key.public,
        not_before=now - WIRE.clock_skew_seconds,
        not_after=now + window_seconds,
    )


def _check(documents: Documents) -> Authority:
    """Read our own documents as a peer will: what a peer would refuse is refused here, before anything is kept."""
    try:
        return trust_documents(export.decode_export(export.encode_export(documents)))
    except (InvalidDocumentError, MalformedError) as error:
        raise ConfigurationError("bad-setting", error.detail) from error


def _put_in_place(building: Path, data: Path) -> None:
    sync_folder(building)
    try:
        # A crash before this line leaves no authority, after it a whole one. Replaces an empty folder only.
        building.rename(data)
    except OSError as error:
        if data.exists():
            raise ConfigurationError(
                "already-initialised", f"{data} cannot be replaced; name a new folder inside it."
            ) from error
        raise
    sync_folder(data.parent)
