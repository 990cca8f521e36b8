"""Root, card and profile (docs/spec/documents.md). What a profile wants of requests: requirements.py; status and revocation:
standing.py; the file that carries all of them: export.py.

Decoding checks form and that every key is usable; who signed is decided by `emla.steps.trust`.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv6Address

from emla.formats import dsse, ed1, h1, patterns, strict_json
from emla.formats.binding import key_id
from emla.formats.requirements import decode_requirements, encode_requirements
from emla.formats.strict_json import Json, Members, encode_octets
from emla.formats.working_days import EXTENSION, decode_working_days, encode_working_days
from emla.model.documents import Card, CardKey, Endpoint, KeyUse, Profile, Root, RootKey
from emla.model.errors import MalformedError
from emla.model.limits import WIRE
from emla.model.requirements import NOTHING
from emla.model.signed import PayloadType, SignedObject
from emla.model.working_days import NOT_SAID

VERSION = 1
_KEYS_MAX = 64
_ROOT_LIFE_SECONDS_MAX = 2 * 366 * 86400
_CARD_LIFE_SECONDS_MAX = 400 * 86400
_LABEL = r"[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_URL = re.compile(
    rf"https://(?P<host>{_LABEL}(\.{_LABEL}){{0,8}}|\[[0-9a-f:]{{2,39}}\])(:(?P<port>[1-9][0-9]{{0,4}}))?"
    r"(/(?!\.{1,2}(/|$))[A-Za-z0-9._~-]{0,64}){0,4}",
    re.ASCII,
)
_CONTACT = re.compile(r"[a-z0-9]{2,20}", re.ASCII)
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)
_VALID: dict[str, Callable[[bytes], bool]] = {ed1.NAME: ed1.is_valid_public, h1.NAME: h1.is_valid_public}
_ALG = {KeyUse.SIGN: ed1.NAME, KeyUse.LEDGER: ed1.NAME, KeyUse.SEAL: h1.NAME}


def decode_signed(data: bytes, kind: PayloadType) -> SignedObject:
    """Decode the signed object around a document of the kind asked for."""
    return dsse.decode(data, kind, WIRE.document_bytes)


def document_hash(payload: bytes) -> bytes:
    """What identifies a document version: SHA-256 of its payload bytes."""
    return hashlib.sha256(payload).digest()


def encode_root(root: Root) -> bytes:
    """Encode a root's payload bytes."""
    members: dict[str, Json] = {
        "v": VERSION,
        "id": root.authority,
        "version": root.version,
        "keys": [{"kid": key.kid, "alg": ed1.NAME, "public": encode_octets(key.public)} for key in root.keys],
        "threshold": root.threshold,
        "created": root.created,
        "expires": root.expires,
    }
    if root.prev is not None:
        members["prev"] = encode_octets(root.prev)
    return strict_json.encode(members)


def decode_root(payload: bytes) -> Root:
    """Decode a root's payload bytes."""
    members = begin(payload, "root")
    root = Root(
        authority=members.text("id", patterns.AUTHORITY, 160),
        version=members.integer("version", 1),
        keys=tuple(_root_key(each) for each in members.objects("keys", _KEYS_MAX)),
        threshold=members.integer("threshold", 1, _KEYS_MAX),
        created=members.instant("created"),
        expires=members.instant("expires"),
        prev=members.octets("prev", 32) if members.has("prev") else None,
    )
    _end(members, root.created, root.expires, _ROOT_LIFE_SECONDS_MAX)
    if len({key.kid for key in root.keys}) != len(root.keys) or root.threshold > len(root.keys):
        raise MalformedError("root lists a key twice or asks for more keys than it has.")
    if (root.version == 1) != (root.prev is None):
        raise MalformedError("root has 'prev' exactly when its version is above 1.")
    return root


def _root_key(members: Members) -> RootKey:
    kid, alg, public = members.text("kid", patterns.KID), members.text("alg"), members.octets("public")
    members.finish()
    if alg != ed1.NAME:
        raise MalformedError("root keys are ed1 keys.")
    check_key(kid, alg, public)
    return RootKey(kid=kid, public=public)


def check_key(kid: str, alg: str, public: bytes) -> None:
    """Refuse a public key that is not usable in its suite, or that stands under another key's id.

    Raises:
        MalformedError: what is wrong with it.
    """
    if not _VALID[alg](public):
        raise MalformedError("document lists a weak or non-canonical public key.")
    if kid != key_id(alg, public):
        raise MalformedError("document lists a key under another key's id.")


def encode_card(card: Card) -> bytes:
    """Encode a card's payload bytes."""
    return strict_json.encode(
        {
            "v": VERSION,
            "id": card.authority,
            "version": card.version,
            "root": card.root_version,
            "keys": [
                {
                    "kid": key.kid,
                    "use": key.use.value,
                    "alg": key.alg,
                    "public": encode_octets(key.public),
                    "not_before": key.not_before,
                    "not_after": key.not_after,
                }
                for key in card.keys
            ],
            "endpoints": [
                {"url": each.url, "spki": encode_octets(each.spki_sha256)} for each in card.endpoints
            ],
            "hubs": list(card.hubs),
            "suites": list(card.suites),
            "ledger": {"origin": card.ledger_origin, "epoch": card.epoch},
            "limits": {"payload": card.payload_bytes_max},
            "created": card.created,
            "expires": card.expires,
        }
    )


def decode_card(payload: bytes) -> Card:
    """Decode a card's payload bytes."""
    members = begin(payload, "card")
    ledger, limits = members.members("ledger"), members.members("limits")
    card = Card(
        authority=members.text("id", patterns.AUTHORITY, 160),
        version=members.integer("version", 1),
        root_version=members.integer("root", 1),
        keys=tuple(_card_key(each) for each in members.objects("keys", _KEYS_MAX)),
        endpoints=tuple(_endpoint(each) for each in members.objects("endpoints", 8)),
        hubs=members.texts("hubs", 8, patterns.AUTHORITY),
        suites=members.texts("suites", 16, patterns.SUITE),
        ledger_origin=ledger.text("origin", patterns.ORIGIN),
        epoch=ledger.integer("epoch", 1, 2**31),
        payload_bytes_max=limits.integer("payload", 1),
        created=members.instant("created"),
        expires=members.instant("expires"),
    )
    ledger.finish()
    limits.finish()
    _end(members, card.created, card.expires, _CARD_LIFE_SECONDS_MAX)
    if len({key.kid for key in card.keys}) != len(card.keys):
        raise MalformedError("card lists a key twice.")
    if card.ledger_origin != f"{card.authority}/emla/1/{card.epoch}":
        raise MalformedError("card names a ledger origin that is not its own.")
    return card


def _card_key(members: Members) -> CardKey:
    try:
        use = KeyUse(members.text("use"))
    except ValueError as error:
        raise MalformedError("card lists a key of unknown use.") from error
    key = CardKey(
        kid=members.text("kid", patterns.KID),
        use=use,
        alg=members.text("alg"),
        public=members.octets("public", longest=4096),
        not_before=members.instant("not_before"),
        not_after=members.instant("not_after"),
    )
    members.finish()
    if key.alg != _ALG[use] or key.not_before >= key.not_after:
        raise MalformedError("card lists a key of the wrong suite or with an empty window.")
    check_key(key.kid, key.alg, key.public)
    return key


def _endpoint(members: Members) -> Endpoint:
    endpoint = Endpoint(url=members.text("url", _URL), spki_sha256=members.octets("spki", 32))
    members.finish()
    if not _is_url(endpoint.url):
        raise MalformedError("card names an endpoint that is no URL.")
    return endpoint


def _is_url(url: str) -> bool:
    """Whether host and port exist at all; whether they may be contacted is for the transport to say."""
    found = _URL.fullmatch(url)
    if found is None or int(found["port"] or 443) > 65535:
        return False
    if found["host"].startswith("["):
        try:
            IPv6Address(found["host"][1:-1])
        except ValueError:
            return False
    return True


def encode_profile(profile: Profile) -> bytes:
    """Encode a profile's payload bytes."""
    members: dict[str, Json] = {
        "v": VERSION,
        "id": profile.authority,
        "version": profile.version,
        "country": profile.country,
        "names": [{"lang": lang, "name": name} for lang, name in profile.names],
        "contacts": [{"kind": kind, "value": value} for kind, value in profile.contacts],
        "languages": list(profile.languages),
        "electronic_acceptance": profile.electronic_acceptance,
        "time_zone": profile.time_zone,
        "office_hours": profile.office_hours,
        "created": profile.created,
    }
    if profile.requirements != NOTHING:
        members["requirements"] = encode_requirements(profile.requirements)
    if profile.working_days != NOT_SAID:
        members["ext"] = {EXTENSION: encode_working_days(profile.working_days)}
    return strict_json.encode(members)


def decode_profile(payload: bytes) -> Profile:
    """Decode a profile's payload bytes."""
    members = begin(payload, "profile")
    profile = Profile(
        authority=members.text("id", patterns.AUTHORITY, 160),
        version=members.integer("version", 1),
        country=members.text("country", _COUNTRY),
        names=tuple(_pair(each, "lang", "name", patterns.LANGUAGE) for each in members.objects("names", 32)),
        contacts=tuple(_pair(each, "kind", "value", _CONTACT) for each in members.objects("contacts", 32)),
        languages=members.texts("languages", 32, patterns.LANGUAGE),
        electronic_acceptance=members.line("electronic_acceptance"),
        time_zone=members.line("time_zone"),
        office_hours=members.line("office_hours"),
        created=members.instant("created"),
        requirements=decode_requirements(members.members("requirements"))
        if members.has("requirements")
        else NOTHING,
    )
    extensions = members.extensions()
    members.finish()
    return replace(profile, working_days=decode_working_days(extensions.get(EXTENSION, {})))


def _pair(members: Members, first: str, second: str, pattern: re.Pattern[str]) -> tuple[str, str]:
    pair = (members.text(first, pattern), members.line(second))
    members.finish()
    return pair


def begin(payload: bytes, what: str) -> Members:
    """Open the payload bytes of a document and check its `v`; `what` names it in errors."""
    members = Members(strict_json.decode(payload, WIRE.document_bytes), what)
    members.integer("v", VERSION, VERSION)
    return members


def _end(members: Members, created: int, expires: int, life_seconds_max: int) -> None:
    members.extensions()
    members.finish()
    if not 0 < expires - created <= life_seconds_max:
        raise MalformedError("document lives longer than allowed or ends before it begins.")
