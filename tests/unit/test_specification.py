"""The worked examples of docs/spec are computed: each value shown is the value of the vector named."""

from pathlib import Path

import pytest

from emla.formats import acknowledgement, backup, cc1, documents, dsse, h1, header, manifest
from emla.formats.binding import key_id
from emla.model.signed import PayloadType
from tests.support.authorities import party
from tests.support.vector_files import FOLDER, Vector, decode

SPEC = Path(__file__).parents[2] / "docs" / "spec"


def vector(folder: str, name: str) -> Vector:
    return decode(folder, name, (FOLDER / folder / f"{name}.vector").read_bytes())


def encoding_example() -> dict[str, str]:
    key = party("at.moj").sign
    found = vector("dsse", "good")
    signed = dsse.decode(found.body, PayloadType.HEADER, 65536)
    return {
        "public key": key.public.hex(),
        "key id": key_id("ed1", key.public),
        "payload": signed.payload.decode(),
        "signed bytes": dsse.pre_authentication_encoding(signed.payload_type, signed.payload).decode(),
        "envelope": found.body.decode(),
    }


def package_example() -> dict[str, str]:
    found = vector("package", "good")
    length = int.from_bytes(found.body[:4], "big")
    signed = header.decode_signed(found.body[4 : 4 + length])
    seen = header.decode(signed.payload)
    cek = found.octets("cek")
    pbind = header.payload_binding(cc1.NAME, seen.sender, seen.payload.id)
    stream = cc1.open_all(header.payload_key(cek, pbind), found.body[4 + length :])
    assert stream is not None
    size = manifest.manifest_length(stream[-4:])
    inside = stream[-4 - size : -4]
    shown = signed.payload.decode()
    start, end = shown.index('"stanza":"') + 30, shown.index('","suites"') - 16
    return {
        "header": f"{shown[:start]}...{shown[end:]}",
        "package id": header.package_id(signed.payload).hex(),
        "CEK": cek.hex(),
        "pbind": pbind.hex(),
        "K_pay": header.payload_key(cek, pbind).hex(),
        "commit": seen.payload.commit.hex(),
        "hbind": header.header_binding(seen).hex(),
        "manifest": inside.decode(),
        "content": header.content_commitment(inside).hex(),
        "stream": f"{len(stream)} bytes",
        "payload": f"{len(found.body) - 4 - length} bytes",
    }


def acknowledgement_example() -> dict[str, str]:
    found = vector("acknowledgement", "good-relayacceptance")
    bundle = acknowledgement.decode_bundle(found.body)
    signed = acknowledgement.decode_signed(bundle.signed)
    return {
        "acknowledgement": signed.payload.decode(),
        "id": acknowledgement.acknowledgement_id(signed.payload).hex(),
        "index": str(bundle.index),
        "checkpoint size": bundle.checkpoint.split(b"\n")[1].decode(),
    }


def documents_example() -> dict[str, str]:
    found, revocation = vector("documents", "root-good"), vector("documents", "revocation-good")
    return {
        "root": found.body.decode(),
        "hash": documents.document_hash(found.body).hex(),
        "fingerprint": found.lines["fingerprint"],
        "profile": vector("documents", "profile-good-requirements").body.decode(),
        "status": vector("documents", "status-good").body.decode(),
        "revocation": revocation.body.decode(),
        "revocation hash": revocation.lines["sha256"],
    }


def backup_example() -> dict[str, str]:
    found = vector("backup", "good")
    header, start = backup.decode_header(found.body)
    shown = found.body[len(backup.MAGIC) + 4 : start].decode()
    begin, end = shown.index('"stanza":"') + 30, shown.index('","suites"') - 16
    binding = backup.binding_of(header)
    cek = h1.SealingKey(found.octets("seed")).unwrap(header.stanza, binding)
    assert cek is not None
    archive = cc1.open_all(backup.stream_key(cek, binding), found.body[start : -backup.END_BYTES])
    assert archive is not None
    return {
        "header": f"{shown[:begin]}...{shown[end:]}",
        "binding": binding.hex(),
        "CEK": cek.hex(),
        "stream key": backup.stream_key(cek, binding).hex(),
        "archive": f"{len(archive)} bytes",
        "end mark": found.body[-backup.END_BYTES :].hex(),
    }


EXAMPLES = {
    "encoding.md": encoding_example,
    "package.md": package_example,
    "acknowledgements.md": acknowledgement_example,
    "documents.md": documents_example,
    "backup.md": backup_example,
}


@pytest.mark.parametrize("chapter", EXAMPLES)
def test_the_worked_example_is_what_the_formats_say(chapter: str) -> None:
    text = (SPEC / chapter).read_text(encoding="utf-8")
    for name, value in EXAMPLES[chapter]().items():
        assert f"{name:<16}{value}\n" in text, f"{chapter} must show: {name:<16}{value}"


def test_the_specification_does_not_speak_of_one_programming_language() -> None:
    for path in sorted(SPEC.glob("*.md")):
        assert "python" not in path.read_text(encoding="utf-8").lower(), path.name
