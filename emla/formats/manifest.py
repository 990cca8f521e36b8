"""The manifest: the sealed table of contents at the end of the plaintext stream (docs/spec/package.md).

Stream = parts in order | zeros | manifest | 4-byte big-endian manifest length. The zeros bring the whole to its Padme length.
"""

import unicodedata
from struct import pack

from emla.formats import padme, patterns, strict_json
from emla.formats.strict_json import Json, Members, encode_octets
from emla.model.errors import MalformedError
from emla.model.limits import WIRE
from emla.model.message import SigningOfficer
from emla.model.package import Manifest, Part, PartRole

VERSION = 1
LENGTH_BYTES = 4
NAME_CHARACTERS_MAX = 120
_RAW_NAME_MAX = 16384
_LOOKED_AT = 1024
"""Normalising takes quadratic time on a long run of combining marks, so only the beginning of a name is looked at."""
_SEPARATORS = str.maketrans({"/": "_", "\\": "_", ":": "_"})


def encode(manifest: Manifest) -> bytes:
    """Encode the manifest bytes."""
    members: dict[str, Json] = {
        "v": VERSION,
        "salt": encode_octets(manifest.salt),
        "from": manifest.sender,
        "to": list(manifest.recipients),
        "payload_id": encode_octets(manifest.payload_id),
        "conv": encode_octets(manifest.conversation),
        "message": manifest.message,
        "officer": {"name": manifest.officer.name, "post": manifest.officer.post},
        "created": manifest.created,
        "parts": [_encode_part(number, part) for number, part in enumerate(manifest.parts)],
    }
    if manifest.in_reply_to is not None:
        members["in_reply_to"] = encode_octets(manifest.in_reply_to)
    return strict_json.encode(members)


def check_texts(manifest: Manifest) -> None:
    """Refuse what `decode` would refuse in the members that people and their systems write.

    Raises:
        MalformedError: a text with control characters, too long, or of the wrong form.
    """
    for name, text in (("name", manifest.officer.name), ("post", manifest.officer.post)):
        strict_json.check_line(f"manifest.officer.{name}", text)
    if not patterns.MESSAGE.fullmatch(manifest.message):
        raise MalformedError("manifest has an unacceptable 'message'.")
    if not all(patterns.MEDIA_TYPE.fullmatch(part.media) for part in manifest.parts):
        raise MalformedError("manifest names an unacceptable media type.")
    if [part.role for part in manifest.parts].count(PartRole.MAIN) != 1:
        raise MalformedError("manifest has exactly one main part, and it comes first.")


def _encode_part(number: int, part: Part) -> Json:
    return {
        "n": number,
        "role": part.role.value,
        "media": part.media,
        "name": part.name,
        "size": part.size,
        "sha256": encode_octets(part.sha256),
    }


def decode(data: bytes) -> Manifest:
    """Decode manifest bytes.

    Raises:
        MalformedError: any member missing, unknown or of the wrong form; no main part first.
    """
    members = Members(strict_json.decode(data, WIRE.manifest_bytes), "manifest")
    members.integer("v", VERSION, VERSION)
    officer = members.members("officer")
    manifest = Manifest(
        salt=members.octets("salt", 32),
        sender=members.text("from", patterns.AUTHORITY, 160),
        recipients=members.texts("to", 64, patterns.AUTHORITY),
        payload_id=members.octets("payload_id", 16),
        conversation=members.octets("conv", 16),
        message=members.text("message", patterns.MESSAGE),
        in_reply_to=members.octets("in_reply_to", 16) if members.has("in_reply_to") else None,
        officer=SigningOfficer(name=officer.line("name"), post=officer.line("post")),
        created=members.instant("created"),
        parts=tuple(
            _decode_part(number, part) for number, part in enumerate(members.objects("parts", WIRE.parts))
        ),
    )
    officer.finish()
    members.extensions()
    members.finish()
    roles = [part.role for part in manifest.parts]
    if not roles or roles[0] is not PartRole.MAIN or PartRole.MAIN in roles[1:]:
        raise MalformedError("manifest has exactly one main part, and it comes first.")
    if not manifest.recipients or len(set(manifest.recipients)) != len(manifest.recipients):
        raise MalformedError("manifest names no recipient, or one twice.")
    return manifest


def _decode_part(number: int, members: Members) -> Part:
    members.integer("n", number, number)
    try:
        role = PartRole(members.text("role"))
    except ValueError as error:
        raise MalformedError("manifest names an unknown part role.") from error
    part = Part(
        role=role,
        media=members.text("media", patterns.MEDIA_TYPE),
        name=members.text("name", longest=_RAW_NAME_MAX),
        size=members.integer("size"),
        sha256=members.octets("sha256", 32),
    )
    members.finish()
    return part


def display_name(raw: str) -> str:
    """A part's name as it may be shown: NFC, no separators, no control or direction characters, at most 120 characters.

    Never used as a path. An empty result becomes ``unnamed``.
    """
    kept = "".join(
        each
        for each in raw[:_LOOKED_AT]
        if unicodedata.category(each)[0] != "C" and each not in "\u2028\u2029"
    )
    # Only now: a character that was taken out may have stood between a letter and its accent.
    shown = unicodedata.normalize("NFC", kept).translate(_SEPARATORS)
    while shown != (bare := shown.strip().lstrip(".")):  # ". .name" hides its dot behind a space
        shown = bare
    return shown[:NAME_CHARACTERS_MAX].rstrip() or "unnamed"


def trailer(parts_bytes: int, manifest: bytes) -> tuple[int, bytes]:
    """What follows the parts: how many zeros, and the manifest with its length."""
    end = manifest + pack(">I", len(manifest))
    return stream_size(parts_bytes, len(manifest)) - parts_bytes - len(end), end


def stream_size(parts_bytes: int, manifest_bytes: int) -> int:
    """How long the whole stream is, in bytes: the Padme length of parts, manifest and its length."""
    return padme.padded_size(parts_bytes + manifest_bytes + LENGTH_BYTES)


def manifest_length(tail: bytes) -> int:
    """Read the manifest's length from the stream's last four bytes.

    Raises:
        MalformedError: longer than a manifest may be.
    """
    length = int.from_bytes(tail[-LENGTH_BYTES:], "big")
    if len(tail) < LENGTH_BYTES or not 0 < length <= WIRE.manifest_bytes:
        raise MalformedError("manifest length out of bounds.")
    return length
