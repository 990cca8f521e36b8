"""Sample case S01 as files that can be sent: the request, the court order with its translation, and 20 MiB of
packet capture.

Here: filling in ids, dates, sizes and hashes; making the packet capture, which is too large to be committed.
Not here: sending.

Rules of this file:
- The same arguments give the same bytes. Nothing is downloaded, and every person, company and address is
  invented (addresses from RFC 5737, names under example domains).
"""

import hashlib
import shutil
import struct
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from lxml import etree

from emla.bootstrap.schema_folder import schema_folder

CAPTURE_BYTES = 20 * 1024 * 1024
CAPTURE_NAME = "hinode-mirai-bank.pcap"
DOCUMENT_NAMES = ("court-order.ja.pdf", "court-order.en.pdf")
MESSAGE_NAME = "mla-request.xml"

_DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'
_COMMON = "{urn:emla:common:1}"
_PRESERVED_DAYS = 60
_DEADLINE_DAYS = 53

# libpcap: magic, version 2.4, zone, accuracy, longest packet, link type 1 (Ethernet); little-endian
_CAPTURE_HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
_ETHERNET = bytes.fromhex("02004c0a0001") + bytes.fromhex("02004c0a0002") + b"\x08\x00"
_CUSTOMER, _SERVER = bytes((198, 51, 100, 23)), bytes((203, 0, 113, 88))
_HEADERS_BYTES = 16 + 14 + 20 + 20
_PAYLOAD_BYTES = 1400
_FIRST_PACKET_AT = datetime(2026, 5, 12, 14, 7, 31, tzinfo=UTC)


def write_sample(
    folder: Path,
    *,
    sender: str,
    recipient: str,
    issued_at: datetime,
    message_id: bytes,
    case_id: bytes,
    schemas: Path | None = None,
) -> Path:
    """Write sample case S01 into a folder.

    Args:
        folder: existing folder; files of the same names are overwritten.
        sender: authority id of the requesting authority, ``jp.moj`` for example.
        recipient: authority id of the requested authority.
        issued_at: aware instant; the dates in the request follow from it.
        message_id: 16 bytes.
        case_id: 16 bytes.
        schemas: the schema folder; found by itself if not given.

    Returns:
        Path of the request; its attachments lie beside it.
    """
    source = (schemas or schema_folder()) / "samples" / "S01"
    for name in DOCUMENT_NAMES:
        shutil.copyfile(source / name, folder / name)
    write_capture(folder / CAPTURE_NAME)
    root = etree.parse(
        source / MESSAGE_NAME, etree.XMLParser(resolve_entities=False, no_network=True)
    ).getroot()
    _fill_header(
        root, sender=sender, recipient=recipient, issued_at=issued_at, message_id=message_id, case_id=case_id
    )
    _fill_dates(root, issued_at.astimezone(UTC).date())
    for attachment in root.iterchildren(_COMMON + "Attachment"):
        _fill_attachment(attachment, folder)
    path = folder / MESSAGE_NAME
    path.write_bytes(_DECLARATION + etree.tostring(root, encoding="UTF-8", xml_declaration=False) + b"\n")
    return path


def write_capture(path: Path) -> None:
    """Write a packet capture of exactly `CAPTURE_BYTES`: one long TCP download from the false log-in page."""
    with path.open("wb") as file:
        file.write(_CAPTURE_HEADER)
        file.writelines(_packets(CAPTURE_BYTES - len(_CAPTURE_HEADER)))


def _packets(size_bytes: int) -> Iterator[bytes]:
    """Packet records that fill exactly ``size_bytes``."""
    content = hashlib.shake_256(b"emla sample S01: invented traffic").digest(size_bytes)
    seconds, position, number = int(_FIRST_PACKET_AT.timestamp()), 0, 0
    while size_bytes > 0:
        record = min(_HEADERS_BYTES + _PAYLOAD_BYTES, size_bytes)
        if 0 < size_bytes - record < _HEADERS_BYTES:
            record -= _HEADERS_BYTES  # the rest would be too short for a packet of its own
        payload = content[position : position + record - _HEADERS_BYTES]
        yield _packet(seconds + number // 4000, number % 4000 * 250, number, position, payload)
        position += len(payload)
        size_bytes -= record
        number += 1


def _packet(seconds: int, microseconds: int, number: int, sequence: int, payload: bytes) -> bytes:
    """One record: libpcap record header, Ethernet, IPv4 (RFC 791), TCP (RFC 9293), payload."""
    length = 40 + len(payload)
    ip = struct.pack(">BBHHHBBH", 0x45, 0, length, number & 0xFFFF, 0x4000, 57, 6, 0) + _SERVER + _CUSTOMER
    ip = ip[:10] + _checksum(ip) + ip[12:]
    tcp = struct.pack(">HHIIBBHHH", 443, 51514, 1 + sequence, 1, 0x50, 0x10, 501, 0, 0)
    pseudo_header = _SERVER + _CUSTOMER + struct.pack(">BBH", 0, 6, 20 + len(payload))
    tcp = tcp[:16] + _checksum(pseudo_header + tcp + payload) + tcp[18:]
    return b"".join(
        (struct.pack("<IIII", seconds, microseconds, 14 + length, 14 + length), _ETHERNET, ip, tcp, payload)
    )


def _checksum(data: bytes) -> bytes:
    """The internet checksum (RFC 1071): 2^16 is 1 modulo 2^16-1, so the sum of all words is one remainder."""
    total = int.from_bytes(data + b"\x00" * (len(data) % 2), "big") % 0xFFFF
    return (0xFFFF - total).to_bytes(2, "big")


def _fill_header(
    root: etree._Element,
    *,
    sender: str,
    recipient: str,
    issued_at: datetime,
    message_id: bytes,
    case_id: bytes,
) -> None:
    _set(root, "MessageHeader/MessageId", message_id.hex())
    _set(root, "MessageHeader/CaseId", case_id.hex())
    _set(root, "MessageHeader/IssuedAt", issued_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    for role, authority in (("Sender", sender), ("Recipient", recipient)):
        _set(root, f"MessageHeader/{role}/AuthorityId", authority)
        _set(root, f"MessageHeader/{role}/CountryCode", authority[:2].upper())


def _fill_dates(root: etree._Element, issued_on: date) -> None:
    _set(
        root,
        "Measure/ElectronicDataBlock/PreservedUntil",
        (issued_on + timedelta(days=_PRESERVED_DAYS)).isoformat(),
    )
    _set(root, "Measure/DeadlineRequested/Date", (issued_on + timedelta(days=_DEADLINE_DAYS)).isoformat())
    _set(root, "Assurance/Date", issued_on.isoformat())
    _set(root, "SigningOfficer/SigningDate", issued_on.isoformat())


def _fill_attachment(attachment: etree._Element, folder: Path) -> None:
    path = folder / (attachment.findtext(_COMMON + "FileName") or "")
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    _set(attachment, "SizeBytes", str(path.stat().st_size))
    _set(attachment, "Sha256", digest.hexdigest())


def _set(element: etree._Element, path: str, text: str) -> None:
    found = element.find("/".join(_COMMON + step for step in path.split("/")))
    if found is None:
        raise LookupError(f"the committed sample has no {path}")
    found.text = text
