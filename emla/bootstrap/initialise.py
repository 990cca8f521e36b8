"""initialise: an empty data folder -> an authority, with keys, documents and settings. What `emla init` does.

Rules of this file:
- All or nothing: everything is made in a folder beside, checked as a peer would check it, made durable, and then renamed. A
  crash leaves at most a folder ``.<name>.new-...`` that nothing reads.
- How keys are made and kept is in `first_keys`.
"""

import errno
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path
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
from emla.model.signed import PayloadType, Signer
from emla.steps.trust import trust_documents

_DAY = 86400
ROOT_LIFE_SECONDS = 730 * _DAY
CARD_LIFE_SECONDS = 399 * _DAY
SEALING_WINDOW_SECONDS = 395 * _DAY
"""A year, and the 30 days in which the old and the new key overlap."""
SIGNING_WINDOW_SECONDS = ROOT_LIFE_SECONDS
PAYLOAD_BYTES_MAX = 100 * 1024**3


@dataclass(frozen=True, slots=True, kw_only=True)
class Initialised:
    """What was made: the authority, its fingerprint to be read over the telephone, and where things are."""

    authority: Authority
    fingerprint: str
    documents: Path
    settings: Path
    root_key: Path


def initialise(
    data: Path,
    *,
    authority: str,
    names: tuple[tuple[str, str], ...],
    endpoint_url: str,
    country: str,
    contacts: tuple[tuple[str, str], ...],
    languages: tuple[str, ...],
    time_zone: str,
    office_hours: str,
    now: int,
    electronic_acceptance: str = "all",
    protection: Protection | None = None,
) -> Initialised:
    """Make an authority in an empty or missing folder.

    Args:
        data: the data folder; it appears whole or not at all.
        authority: the id, for example ``at.moj``.
        names: (language tag, name) each.
        endpoint_url: where peers reach the gateway, an https address.
        country: ISO 3166-1, two capital letters.
        contacts: (kind, value) each, as in `emla.model.documents.Profile`.
        languages: tags of the languages accepted.
        time_zone: IANA name.
        office_hours: for people.
        now: UNIX seconds.
        electronic_acceptance: which messages are accepted electronically.
        protection: how the private keys are kept; absent: in the clear, protected by their mode alone.

    Raises:
        ConfigurationError: ``already-initialised``, ``bad-setting`` or ``disk-full``; what a token answers.
    """
    data = data.absolute()
    _refuse_what_is_there(data)
    if not patterns.AUTHORITY.fullmatch(authority):
        raise ConfigurationError("bad-setting", f"'{authority}' is not an authority id such as at.moj.")
    host, port = _host_and_port(endpoint_url)
    building = data.with_name(f".{data.name}.new-{secrets.token_hex(4)}")
    try:
        building.mkdir(mode=0o700, parents=True)
        keys = make_first_keys(building, protection or Protection(), authority=authority, now=now)
        tls = write_tls(building / "tls", host=host, now=now)
        profile = Profile(
            authority=authority,
            version=1,
            country=country,
            names=names,
            contacts=contacts,
            languages=languages,
            electronic_acceptance=electronic_acceptance,
            time_zone=time_zone,
            office_hours=office_hours,
            created=now,
        )
        endpoint = Endpoint(url=endpoint_url, spki_sha256=tls.spki_sha256)
        documents = _sign_documents(keys, profile, endpoint, now)
        trusted = _check(documents)
        _write_files(building, documents, first_settings(host, port))
        _put_in_place(building, data)
    except OSError as error:
        code = "disk-full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "bad-setting"
        raise ConfigurationError(code, f"{data} cannot be written: {error.strerror}.") from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return Initialised(
        authority=trusted,
        fingerprint=export.fingerprint(
            form.decode_signed(documents.roots[0], PayloadType.ROOT).payload, authority
        ),
        documents=data / "documents" / "own.json",
        settings=data / "emla.toml",
        root_key=data / "root" / f"root-{keys[FileUse.ROOT].kid}.json",
    )


def _refuse_what_is_there(data: Path) -> None:
    if data.exists() and (not data.is_dir() or any(data.iterdir())):
        raise ConfigurationError("already-initialised", f"{data} is not an empty folder.")


def _host_and_port(endpoint_url: str) -> tuple[str, int]:
    try:
        split = urlsplit(endpoint_url)
        port = split.port or 443
    except ValueError:
        split, port = urlsplit(""), 0
    if split.scheme != "https" or not split.hostname:
        raise ConfigurationError("bad-setting", f"'{endpoint_url}' is not an https address.")
    return split.hostname, port


def _sign_documents(
    keys: dict[FileUse, FirstKey], profile: Profile, endpoint: Endpoint, now: int
) -> Documents:
    """Root, card and profile, each version 1 and signed."""
    root_key = keys[FileUse.ROOT]
    root = Root(
        authority=profile.authority,
        version=1,
        keys=(RootKey(kid=root_key.kid, public=root_key.public),),
        threshold=1,
        created=now,
        expires=now + ROOT_LIFE_SECONDS,
        prev=None,
    )
    card = Card(
        authority=profile.authority,
        version=1,
        root_version=1,
        keys=(
            _card_key(keys[FileUse.SIGN], KeyUse.SIGN, now, SIGNING_WINDOW_SECONDS),
            _card_key(keys[FileUse.LEDGER], KeyUse.LEDGER, now, SIGNING_WINDOW_SECONDS),
            _card_key(keys[FileUse.SEAL], KeyUse.SEAL, now, SEALING_WINDOW_SECONDS),
        ),
        endpoints=(endpoint,),
        hubs=(),
        suites=SUITES,
        ledger_origin=f"{profile.authority}/emla/1/1",
        epoch=1,
        payload_bytes_max=PAYLOAD_BYTES_MAX,
        created=now,
        expires=now + CARD_LIFE_SECONDS,
    )
    return Documents(
        roots=(dsse.sign(PayloadType.ROOT, form.encode_root(root), _signer(root_key)),),
        card=dsse.sign(PayloadType.CARD, form.encode_card(card), _signer(root_key)),
        profile=dsse.sign(PayloadType.PROFILE, form.encode_profile(profile), _signer(keys[FileUse.SIGN])),
    )


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


def _write_files(building: Path, documents: Documents, settings: str) -> None:
    (building / "documents").mkdir(mode=0o700)
    write_private(building / "documents" / "own.json", export.encode_export(documents))
    write_private(building / "emla.toml", settings.encode())


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
