"""examine: one package and its payload -> Verdict. What the opener does with each package: rungs 16 to 20 of the ladder.

Rules of this file:
- What the sender did wrong becomes a verdict with a code. What went wrong here (memory, a damaged disk, a fault of ours) is
  never blamed on the sender: it is raised, the process ends, and the gateway counts a strike.
- Only the schema and the identity of the message (BR-001, 002, 056) block. Then the record still comes back, so that an officer
  can look. All other findings ride in the record: law is decided by people.
- A message of a schema this version does not know is consigned as it is, with a warning ("open raw").
"""

import hashlib
import hmac
import os
from collections.abc import Callable
from dataclasses import dataclass, replace

from emla.formats import at_rest, h1, manifest
from emla.formats import header as header_form
from emla.formats.act_at_rest import seal_act
from emla.formats.schema import Schemas
from emla.model.errors import InvalidMessageError, InvalidPackageError
from emla.model.findings import Finding, Severity
from emla.model.legal_act import LegalAct
from emla.model.limits import XmlLimits
from emla.model.message import Message
from emla.model.package import Header, OpenedPackage
from emla.model.record import Record
from emla.model.terms import RECEIVING
from emla.ports.sandbox import Verdict
from emla.steps.unseal import ReadPayload, unseal
from emla.steps.validate import ReadDocument, check_parts, read
from emla.steps.validate import judge as judge_message

UNKNOWN_MESSAGE = "XSD-unknown-message"
_HASHED_AT_ONCE = 1024 * 1024


class DamagedPayloadError(Exception):
    """The stored payload is no longer the one that was accepted: our disk, not the sender."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What a package is examined with."""

    sealing_key: Callable[[str], h1.SealingKey | None]
    content_key: bytes
    schemas: Schemas
    limits: XmlLimits
    memory_is_tight: Callable[[], bool]
    """Whether this process was ever so near its limit that an allocation may have failed."""


def examine(signed_header: bytes, pid: bytes, read: ReadPayload, tools: Tools) -> Verdict:
    """Open and judge one package that passed rungs 1 to 15; see `open_package` and `judge`."""
    opened = open_package(signed_header, pid, read, tools)
    return opened if isinstance(opened, Verdict) else judge(opened, begin(opened, tools), pid, tools)


def open_package(
    signed_header: bytes, pid: bytes, read: ReadPayload, tools: Tools
) -> OpenedPackage | Verdict:
    """Open one package that passed rungs 1 to 15 (rungs 16 to 19); a verdict when it cannot be opened.

    Args:
        signed_header: the encoded signed object; its signature was verified by the gateway.
        pid: the package id.
        read: access to the sealed payload.
        tools: keys, schemas, limits.

    Raises:
        DamagedPayloadError: the payload is not the one the header names, although it was when it was accepted.
    """
    envelope = header_form.decode_signed(signed_header)
    header = header_form.decode(envelope.payload)
    if header_form.package_id(envelope.payload) != pid:
        raise ValueError("The header is not that of the package named.")
    try:
        return unseal(header, read, tools.sealing_key, tools.limits.size_bytes_max)
    except InvalidPackageError as error:
        if error.code == "chunk-damaged":
            _check_stored(header, read)
        return Verdict(code=error.code, record=b"")


def begin(opened: OpenedPackage, tools: Tools) -> ReadDocument | InvalidMessageError:
    """Read the message of an opened package; `judge` judges it."""
    return read(opened.main, schemas=tools.schemas, limits=tools.limits)


def judge(
    opened: OpenedPackage, found: ReadDocument | InvalidMessageError, pid: bytes, tools: Tools
) -> Verdict:
    """Judge the message of an opened package (rung 20), as `begin` read it, and seal the record that shows it later.

    Raises:
        MemoryError: the limit of this process was too near to trust the result.
    """
    code, findings, act = _judge(opened, found, tools)
    record = Record(manifest=opened.manifest_bytes, cek=opened.cek, findings=findings)
    key, size = tools.content_key, at_rest.NONCE_BYTES
    return Verdict(
        code=code,
        record=at_rest.seal_record(record, content_key=key, nonce=os.urandom(size), pid=pid),
        act=seal_act(act, content_key=key, nonce=os.urandom(size), pid=pid) if act and not code else None,
    )


def _check_stored(header: Header, read: ReadPayload) -> None:
    """Tell a sender's damaged chunk from bytes that changed on our own disk: the header names the payload's hash."""
    digest = hashlib.sha256()
    for start in range(0, header.payload.size, _HASHED_AT_ONCE):
        digest.update(read(start, min(start + _HASHED_AT_ONCE, header.payload.size)))
    if not hmac.compare_digest(digest.digest(), header.payload.sha256):
        raise DamagedPayloadError


def _judge(
    opened: OpenedPackage, found: ReadDocument | InvalidMessageError, tools: Tools
) -> tuple[str | None, tuple[Finding, ...], LegalAct | None]:
    """Rung 20: the message itself. Returns the code that blocks, or None, every finding, and what it means if it is valid."""
    header = opened.header
    try:
        valid = judge_message(
            found,
            schemas=tools.schemas,
            sender=header.sender,
            recipient=header.recipient,
            terms=RECEIVING,
        )
    except InvalidMessageError as error:
        if tools.memory_is_tight():
            # libxml2 may report an allocation that failed as a fault of the document: no such verdict is believed.
            raise MemoryError from None
        if error.findings and all(each.rule == UNKNOWN_MESSAGE for each in error.findings):
            return None, tuple(replace(each, severity=Severity.WARNING) for each in error.findings), None
        return "invalid-message", error.findings, None
    parts = [(part.name, part.size, part.sha256) for part in opened.manifest.parts[1:]]
    differing = check_parts(valid.message, parts) and check_parts(_as_displayed(valid.message), parts)
    return ("invalid-message" if differing else None), (*valid.findings, *differing), valid.act


def _as_displayed(message: Message) -> Message:
    """The message with its file names as a manifest spells them (NFC, at most 120 characters)."""
    return replace(
        message,
        attachments=tuple(
            replace(each, file_name=manifest.display_name(each.file_name)) for each in message.attachments
        ),
    )
