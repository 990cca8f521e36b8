"""Approvals and the list of key officers: documents of the authority's own, which never leave it
(docs/reference/approvals.md). Who may approve what is decided by `emla.steps.approve`.
"""

from emla.formats import ed1, patterns, strict_json
from emla.formats.documents import VERSION, begin, check_key
from emla.formats.strict_json import Json, Members, encode_octets
from emla.model.documents import Approval, ApprovalAct, Officer, Officers
from emla.model.errors import MalformedError
from emla.model.signed import PayloadType

OFFICERS_MIN = 2
OFFICERS_MAX = 64
NAME_CHARACTERS_MAX = 120
APPROVABLE = frozenset({PayloadType.CARD, PayloadType.ROOT, PayloadType.OFFICERS, PayloadType.ACT})
"""What two officers decide about. A revocation needs no approval: deny is cheap."""


def encode_approval(approval: Approval) -> bytes:
    """Encode an approval's payload bytes."""
    return strict_json.encode(
        {
            "v": VERSION,
            "id": approval.authority,
            "act": approval.act.value,
            "document": {
                "type": approval.document_type.value,
                "sha256": encode_octets(approval.document_sha256),
            },
            "officer": approval.officer,
            "at": approval.at,
        }
    )


def decode_approval(payload: bytes) -> Approval:
    """Decode an approval's payload bytes."""
    members = begin(payload, "approval")
    document = members.members("document")
    try:
        act, kind = ApprovalAct(members.text("act")), PayloadType(document.text("type"))
    except ValueError as error:
        raise MalformedError("approval of an unknown act or document.") from error
    approval = Approval(
        authority=members.text("id", patterns.AUTHORITY, 160),
        act=act,
        document_type=kind,
        document_sha256=document.octets("sha256", 32),
        officer=members.text("officer", patterns.KID),
        at=members.instant("at"),
    )
    document.finish()
    members.extensions()
    members.finish()
    if kind not in APPROVABLE:
        raise MalformedError("approval of a document that officers do not decide about.")
    return approval


def encode_officers(officers: Officers) -> bytes:
    """Encode the payload bytes of a list of officers."""
    members: dict[str, Json] = {
        "v": VERSION,
        "id": officers.authority,
        "version": officers.version,
        "officers": [
            {"name": each.name, "kid": each.kid, "alg": ed1.NAME, "public": encode_octets(each.public)}
            for each in officers.officers
        ],
        "created": officers.created,
    }
    if officers.prev is not None:
        members["prev"] = encode_octets(officers.prev)
    return strict_json.encode(members)


def decode_officers(payload: bytes) -> Officers:
    """Decode the payload bytes of a list of officers."""
    members = begin(payload, "officers")
    officers = Officers(
        authority=members.text("id", patterns.AUTHORITY, 160),
        version=members.integer("version", 1),
        officers=tuple(_officer(each) for each in members.objects("officers", OFFICERS_MAX)),
        created=members.instant("created"),
        prev=members.octets("prev", 32) if members.has("prev") else None,
    )
    members.extensions()
    members.finish()
    if (officers.version == 1) != (officers.prev is None):
        raise MalformedError("officers have 'prev' exactly when the version is above 1.")
    # One person under two names would be two approvals; names and keys therefore occur once.
    for distinct in ({each.kid for each in officers.officers}, {each.name for each in officers.officers}):
        if len(distinct) != len(officers.officers) or len(distinct) < OFFICERS_MIN:
            raise MalformedError("officers are at least two, each with a name and a key of their own.")
    return officers


def _officer(members: Members) -> Officer:
    officer = Officer(
        name=members.line("name", NAME_CHARACTERS_MAX),
        kid=members.text("kid", patterns.KID),
        public=members.octets("public"),
    )
    alg = members.text("alg")
    members.finish()
    if alg != ed1.NAME or not officer.name.strip():
        raise MalformedError("officers have a name and an ed1 key.")
    check_key(officer.kid, alg, officer.public)
    return officer
