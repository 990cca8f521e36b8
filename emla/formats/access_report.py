"""Access reports as bytes (docs/spec/accesses.md, section 3), and how a kept one is sealed.

Every list is bounded, and what is said is in order: a report costs its reader little, whoever made it.
"""

import re
from itertools import pairwise

from nacl import bindings, exceptions

from emla.formats import patterns, strict_json
from emla.formats.at_rest import NONCE_BYTES
from emla.formats.strict_json import Json, Members, encode_octets
from emla.model.access import ACCESSES_MAX, EPOCH_MAX, LEAF_MAX, Access, AccessKind, AccessReport, LedgerPlace
from emla.model.errors import MalformedError
from emla.model.limits import WIRE

VERSION = 1
PERSON_CHARACTERS_MAX = 100
CASE_BYTES = 16
_NOTE_CHARACTERS_MAX = 4096
_ROLE = re.compile(r"[a-z][a-z0-9_]{1,39}", re.ASCII)
_LABEL = b"emla/1 access report\0"
_TAG_BYTES = bindings.crypto_aead_xchacha20poly1305_ietf_ABYTES


def encode(report: AccessReport) -> bytes:
    """Encode the payload bytes."""
    members: dict[str, Json] = {
        "v": VERSION,
        "from": report.sender,
        "to": report.recipient,
        "at": report.at,
        "case": encode_octets(report.case_id),
        "epoch": report.first.epoch,
        "first": report.first.index,
        "end": report.end,
        "accesses": [_encode_access(each) for each in report.accesses],
        "checkpoint": report.checkpoint.decode(),
    }
    if report.following is not None:
        members["next"] = {"epoch": report.following.epoch, "first": report.following.index}
    return strict_json.encode(members)


def _encode_access(access: Access) -> dict[str, Json]:
    members: dict[str, Json] = {
        "what": access.kind.value,
        "at": access.at,
        "leaf": access.leaf,
        "digest": encode_octets(access.digest),
    }
    if access.pid is not None:
        members["package"] = encode_octets(access.pid)
    if access.part is not None:
        members["part"] = access.part
    members |= {"role": access.role} if access.role else {}
    members |= {"person": access.person} if access.person else {}
    members |= {"to": access.to} if access.to else {}
    return members


def decode(payload: bytes) -> AccessReport:
    """Decode payload bytes.

    Raises:
        MalformedError: not a report, or one that contradicts itself.
    """
    members = Members(strict_json.decode(payload, WIRE.access_bytes), "access report")
    members.integer("v", VERSION, VERSION)
    first = LedgerPlace(
        epoch=members.integer("epoch", 1, EPOCH_MAX), index=members.integer("first", 0, LEAF_MAX)
    )
    report = AccessReport(
        sender=members.text("from", patterns.AUTHORITY, 160),
        recipient=members.text("to", patterns.AUTHORITY, 160),
        at=members.instant("at"),
        case_id=members.octets("case", CASE_BYTES),
        first=first,
        end=members.integer("end", first.index, LEAF_MAX),
        following=_decode_next(members) if members.has("next") else None,
        accesses=tuple(_decode_access(each) for each in members.objects("accesses", ACCESSES_MAX)),
        checkpoint=_note(members.text("checkpoint", longest=_NOTE_CHARACTERS_MAX)),
    )
    members.extensions()
    members.finish()
    _check(report)
    return report


def _decode_next(members: Members) -> LedgerPlace:
    found = members.members("next")
    place = LedgerPlace(epoch=found.integer("epoch", 1, EPOCH_MAX), index=found.integer("first", 0, LEAF_MAX))
    found.finish()
    return place


def _decode_access(members: Members) -> Access:
    kind = _kind(members.text("what"))
    is_part, is_passed = kind is not AccessKind.CASE, kind is AccessKind.PASSED
    named = members.has("person") and not is_passed
    access = Access(
        kind=kind,
        at=members.instant("at"),
        leaf=members.integer("leaf", 0, LEAF_MAX),
        digest=members.octets("digest", 32),
        pid=members.octets("package", 32) if is_part else None,
        part=members.integer("part", 0, WIRE.parts) if is_part else None,
        role="" if is_passed else members.text("role", _ROLE),
        person=members.line("person", longest=PERSON_CHARACTERS_MAX) if named else "",
        to=members.text("to", patterns.AUTHORITY, 160) if is_passed else "",
    )
    members.extensions()
    members.finish()
    return access


def _kind(value: str) -> AccessKind:
    try:
        return AccessKind(value)
    except ValueError as error:
        raise MalformedError("access report has an access of an unknown kind.") from error


def _note(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise MalformedError("access report has a checkpoint that is no text.") from error


def _check(report: AccessReport) -> None:
    """What it says of the ledger must fit together, or whoever follows it goes in circles."""
    leaves = [each.leaf for each in report.accesses]
    if any(one >= other for one, other in pairwise(leaves)):
        raise MalformedError("access report has accesses that are not in the order of the ledger.")
    if leaves and not report.first.index <= leaves[0] <= leaves[-1] < report.end:
        raise MalformedError("access report has an access outside of what it speaks about.")
    following = report.following
    if following is None:
        return
    goes_on = following == LedgerPlace(epoch=report.first.epoch, index=report.end)
    if following.epoch > report.first.epoch and following.index == 0:
        return
    if not goes_on or report.end == report.first.index:
        raise MalformedError("access report does not go on where it ends.")


# --- at rest ---


def seal_report(signed: bytes, *, content_key: bytes, nonce: bytes, case_id: bytes) -> bytes:
    """Seal a signed report for storage: nonce (24 bytes) and ciphertext."""
    box = bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(signed, _LABEL + case_id, nonce, content_key)
    return nonce + box


def open_report(sealed: bytes, *, content_key: bytes, case_id: bytes) -> bytes | None:
    """Open a kept report; None when key, case or bytes do not fit, or it was erased."""
    if len(sealed) < NONCE_BYTES + _TAG_BYTES:
        return None
    nonce, box = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    try:
        return bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(box, _LABEL + case_id, nonce, content_key)
    except (exceptions.CryptoError, exceptions.ValueError):
        return None
