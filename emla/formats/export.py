"""The file (and the answer on the wire) that carries an authority's documents, and the fingerprint people compare
(docs/spec/documents.md 7 and 8). Nothing read here is trusted: `emla.steps.trust` decides.
"""

import hashlib

from emla.formats import strict_json
from emla.formats.standing import REVOCATIONS_MAX
from emla.formats.strict_json import Json, Members, decode_octets, encode_octets
from emla.model.documents import Documents
from emla.model.errors import MalformedError
from emla.model.limits import WIRE

VERSION = 1
_ROOTS_MAX = 64


def encode_export(documents: Documents) -> bytes:
    """Encode the file (and the answer on the wire) that carries an authority's documents."""
    members: dict[str, Json] = {
        "v": VERSION,
        "roots": [encode_octets(each) for each in documents.roots],
        "card": encode_octets(documents.card),
        "profile": encode_octets(documents.profile),
    }
    if documents.status is not None:
        members["status"] = encode_octets(documents.status)
    if documents.revocations:
        members["revocations"] = [encode_octets(each) for each in documents.revocations]
    return strict_json.encode(members)


def decode_export(data: bytes) -> Documents:
    """Decode an exported file; nothing in it is trusted yet."""
    members = Members(strict_json.decode(data, WIRE.documents_bytes), "documents")
    members.integer("v", VERSION, VERSION)
    documents = Documents(
        roots=_signed_objects(members, "roots", _ROOTS_MAX),
        card=members.octets("card", longest=WIRE.document_bytes),
        profile=members.octets("profile", longest=WIRE.document_bytes),
        status=members.octets("status", longest=WIRE.document_bytes) if members.has("status") else None,
        revocations=_signed_objects(members, "revocations", REVOCATIONS_MAX)
        if members.has("revocations")
        else (),
    )
    members.extensions()
    members.finish()
    if not documents.roots:
        raise MalformedError("documents without a root.")
    return documents


def _signed_objects(members: Members, name: str, most: int) -> tuple[bytes, ...]:
    objects = []
    for each in members.items(name, most):
        if not isinstance(each, str) or len(each) > WIRE.document_bytes * 2:
            raise MalformedError(f"documents hold something in '{name}' that is no signed object.")
        objects.append(decode_octets(each))
    return tuple(objects)


def fingerprint(root_payload: bytes, authority: str) -> str:
    """The fingerprint people compare by telephone: 12 groups of 5 digits over authority id and root (about 199 bits)."""
    digest = hashlib.sha512(
        b"emla/1 fingerprint\0" + authority.encode("ascii") + b"\0" + root_payload
    ).digest()
    groups = (int.from_bytes(digest[start : start + 5], "big") % 100000 for start in range(0, 60, 5))
    return " ".join(f"{group:05d}" for group in groups)
