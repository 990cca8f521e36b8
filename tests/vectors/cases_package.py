# a table of cases is read by the row
"""Vectors of whole packages, opened with the recipient's key."""

from collections.abc import Iterable
from hashlib import sha256
from struct import pack

from emla.formats import cc1, h1
from emla.model.package import PartRole
from tests.support.authorities import (
    DAY,
    NOW,
    Package,
    Parts,
    Party,
    Secrets,
    Tampering,
    build,
    derived,
    secrets_of,
)
from tests.support.vector_files import Vector
from tests.vectors import xwing
from tests.vectors.cases_header import AT, DE, HK, lines_for, sealed, wrap


def framed(package: Package) -> bytes:
    """A package in one piece, as it is uploaded: header length (4 bytes), header, payload."""
    return pack(">I", len(package.signed)) + package.signed + package.payload


def _package(
    name: str, expect: str, comment: str, package: Package, *, row: int | None = None, sender: Party = AT
) -> Vector:
    lines = lines_for(DE, sender) | {"seal-seed": DE.seal_seed.hex()}
    if expect == "success":
        lines |= {
            "pid": package.pid.hex(),
            "cek": package.cek.hex(),
            "manifest-sha256": sha256(package.manifest).hexdigest(),
            "stream-size": str(len(package.stream)),
        }
    return Vector(
        folder="package",
        name=name,
        expect=expect,
        comment=comment,
        body=framed(package),
        row=row,
        lines=lines,
    )


def _with_payload(package: Package, payload: bytes) -> Package:
    return Package(
        header_bytes=package.header_bytes,
        signed=package.signed,
        payload=payload,
        stream=package.stream,
        manifest=package.manifest,
        cek=package.cek,
    )


def package_vectors() -> list[Vector]:
    """Whole packages, opened with the recipient's key."""
    return [
        *_good_packages(),
        *_stanza_packages(),
        *_payload_packages(),
        *_manifest_packages(),
        *_part_packages(),
    ]


def _good_packages() -> Iterable[Vector]:
    big: Parts = (
        (PartRole.MAIN, "application/xml", "request.xml", b"<a/>"),
        (PartRole.ANNEX, "application/octet-stream", "capture", derived("capture", length=70_000)),
        (PartRole.TRANSLATION, "text/plain", "empty.txt", b""),
        (PartRole.SIGNATURE, "application/pkcs7-signature", "s.p7s", b"not a signature"),
    )
    bare: Parts = ((PartRole.MAIN, "application/xml", "request.xml", b""),)
    yield _package("good", "success", "two small parts", sealed())
    yield _package(
        "good-two-chunks", "success", "four parts over two chunks", build(AT, DE, parts=big, wrap=wrap)
    )
    yield _package(
        "good-empty-main", "success", "one part without bytes", build(AT, DE, parts=bare, wrap=wrap)
    )
    yield _package(
        "good-two-recipients",
        "success",
        "the manifest lists another recipient too",
        sealed(manifest={"to": ["hk.doj", "de.bfj"]}),
    )
    yield _package(
        "good-extension",
        "success",
        "extensions in header and manifest",
        sealed(header={"ext": {"x": 1}}, manifest={"ext": {"x": 1}}),
    )


def _stanza_packages() -> Iterable[Vector]:
    other = sealed(number=2).header.stanza

    def flip(place: int) -> Package:
        def change(stanza: bytes) -> bytes:
            return stanza[:place] + bytes([stanza[place] ^ 1]) + stanza[place + 1 :]

        return sealed(stanza=change)

    yield _package(
        "stanza-moved",
        "stanza-mismatch",
        "the stanza of another package",
        sealed(stanza=lambda _: other),
        row=11,
    )
    for name, place in (("mlkem", 0), ("x25519", 1088), ("box", 1120), ("tag", h1.STANZA_BYTES - 1)):
        yield _package(
            f"stanza-flipped-{name}",
            "stanza-mismatch",
            f"one bit of the stanza's byte {place} is flipped",
            flip(place),
            row=26,
        )
    yield _package(
        "stanza-low-order",
        "stanza-mismatch",
        "the stanza's X25519 point is zero",
        sealed(stanza=lambda stanza: stanza[:1088] + bytes(32) + stanza[1120:]),
        row=7,
    )
    hidden = xwing.wrap(HK.seal.public, bytes(32), bytes(32), bytes(64))
    yield _package(
        "stanza-for-other-key",
        "stanza-mismatch",
        "sealed to the key of hk.doj",
        sealed(stanza=lambda _: hidden),
    )
    for path, value in (
        ("msg", "A" * 22),
        ("created", NOW - 1),
        ("expires", NOW + 59 * DAY),
        ("payload.id", "A" * 22),
    ):
        yield _package(
            f"binding-{path.replace('.', '-')}",
            "stanza-mismatch",
            f"'{path}' changed and signed after the stanza was bound",
            sealed(header={path: value}),
            row=11,
        )
    yield _package(
        "good-unbound-seq",
        "success",
        "'seq' is not part of the binding: it is given later",
        sealed(header={"seq": 3, "prev": "A" * 43}),
    )
    yield _package(
        "cek-other",
        "commit-mismatch",
        "the stanza holds another content key than the header commits to",
        sealed(wrapped_cek=lambda _: derived("another cek")),
        row=12,
    )
    yield _package(
        "commit-other",
        "commit-mismatch",
        "the header commits to another content key",
        sealed(commit=lambda _: derived("another commitment")),
        row=12,
    )


def _payload_packages() -> Iterable[Vector]:
    fine = sealed()
    long: Parts = (
        (PartRole.MAIN, "application/xml", "request.xml", b"<a/>"),
        (PartRole.ANNEX, "application/octet-stream", "capture", derived("capture", length=70_000)),
    )
    first = cc1.CHUNK_BYTES + cc1.TAG_BYTES

    def cut(payload: bytes) -> bytes:
        return payload[:first]

    yield _package(
        "line-flipped-byte",
        "digest-mismatch",
        "the payload changed after the header was signed",
        _with_payload(fine, bytes([fine.payload[0] ^ 1]) + fine.payload[1:]),
        row=10,
    )
    yield _package(
        "line-cut",
        "digest-mismatch",
        "the last byte is missing",
        _with_payload(fine, fine.payload[:-1]),
        row=16,
    )
    yield _package(
        "line-longer", "digest-mismatch", "a byte follows", _with_payload(fine, fine.payload + b"\0"), row=16
    )
    yield _package(
        "rewritten",
        "digest-mismatch",
        "the recipient re-sealed other content under the known key",
        _with_payload(fine, sealed(manifest={"message": "Decision"}).payload),
        row=10,
    )
    yield _package(
        "flipped-byte",
        "chunk-damaged",
        "a damaged chunk, hashed and signed by the sender",
        sealed(payload=lambda data: bytes([data[0] ^ 1]) + data[1:]),
        row=14,
    )
    yield _package(
        "last-chunk-dropped",
        "chunk-damaged",
        "the last chunk is missing, and the header says so",
        build(AT, DE, parts=long, tampering=Tampering(payload=cut), wrap=wrap),
        row=14,
    )
    yield _package(
        "size-impossible",
        "chunk-damaged",
        "a payload no stream has",
        sealed(payload=lambda data: data[:15]),
        row=15,
    )
    yield _package(
        "stolen-ciphertext",
        "chunk-damaged",
        "hk.doj, once a recipient, sends at.moj's sealed payload as its own",
        _stolen(payload=True),
        row=9,
        sender=HK,
    )
    yield _package(
        "stolen-plaintext",
        "manifest-mismatch",
        "hk.doj seals at.moj's stream anew as its own",
        _stolen(payload=False),
        row=9,
        sender=HK,
    )


def _stolen(*, payload: bool) -> Package:
    # The manifest lists de.bfj too: nothing is wrong but the name of the one who wrote it.
    ours = sealed(AT, HK, manifest={"to": ["hk.doj", "de.bfj"]})
    secret = secrets_of(AT.id, HK.id, 1)
    kept = Secrets(
        cek=secret.cek, salt=secret.salt, msg=derived("msg", length=16), payload_id=secret.payload_id
    )
    taken = (
        Tampering(payload=lambda _: ours.payload, manifest_bytes=lambda _: ours.manifest)
        if payload
        else Tampering(stream=lambda _: ours.stream, manifest_bytes=lambda _: ours.manifest)
    )
    return build(HK, DE, secrets=kept, tampering=taken, wrap=wrap)


def _manifest_packages() -> Iterable[Vector]:
    cases: tuple[tuple[str, str, Tampering, int | None], ...] = (
        ("manifest-from", "the manifest names another sender", Tampering(manifest={"from": "hk.doj"}), 20),
        ("manifest-to", "the manifest does not list the recipient", Tampering(manifest={"to": ["hk.doj"]}), 20),
        ("manifest-payload-id", "the manifest names another payload", Tampering(manifest={"payload_id": "A" * 22}), 20),
        ("manifest-unknown-member", "the manifest has an unknown member", Tampering(manifest={"x": 1}), 18),
        ("manifest-not-json", "the manifest is no JSON", Tampering(manifest_bytes=lambda data: data[:-1]), None),
        ("content-other", "the header commits to another manifest", Tampering(header={"content": "A" * 43}), 20),
        ("manifest-length-0", "the manifest's length is 0", Tampering(stream=lambda data: data[:-4] + bytes(4)), None),
        ("manifest-length-huge", "the manifest is longer than a manifest may be",
         Tampering(stream=lambda data: data[:-4] + b"\xff\xff\xff\xff"), None),
        ("manifest-length-beyond", "the manifest is longer than the stream",
         Tampering(stream=lambda data: data[:-4] + pack(">I", len(data))), None),
        ("manifest-length-off-by-one", "the length is one too small",
         Tampering(stream=lambda data: data[:-1] + bytes([data[-1] - 1])), None),
        ("stream-empty", "a stream of no bytes", Tampering(stream=lambda _: b""), None),
        ("stream-three-bytes", "a stream too short for a length", Tampering(stream=lambda _: bytes(3)), None),
    )  # fmt: skip
    for name, comment, tampering, row in cases:
        yield _package(
            name, "manifest-mismatch", comment, build(AT, DE, tampering=tampering, wrap=wrap), row=row
        )


def _part_packages() -> Iterable[Vector]:
    def filler(data: bytes) -> bytes:
        place = len(data) - 4 - int.from_bytes(data[-4:], "big") - 1
        return data[:place] + b"\1" + data[place + 1 :]

    def longer(data: bytes) -> bytes:
        place = len(data) - 4 - int.from_bytes(data[-4:], "big") - 1
        return data[:place] + b"\0" + data[place:]

    cases: tuple[tuple[str, str, Tampering], ...] = (
        ("part-flipped", "a byte of the first part is not the one hashed",
         Tampering(stream=lambda data: bytes([data[0] ^ 1]) + data[1:])),
        ("part-last-flipped", "the last byte of the last part is not the one hashed",
         Tampering(stream=lambda data: data[:55] + bytes([data[55] ^ 1]) + data[56:])),
        ("part-hash-other", "the manifest has another hash", Tampering(manifest={"parts.1.sha256": "A" * 43})),
        ("part-size-smaller", "the manifest has a smaller size", Tampering(manifest={"parts.1.size": 15})),
        ("part-size-larger", "the manifest has a larger size", Tampering(manifest={"parts.1.size": 17})),
        ("part-size-beyond", "the parts do not fit into the stream", Tampering(manifest={"parts.1.size": 9007199254740991})),
        ("filler-not-zero", "the filler is not zeros", Tampering(stream=filler)),
        ("padding-longer", "one zero more than the Padme length has", Tampering(stream=longer)),
    )  # fmt: skip
    for name, comment, tampering in cases:
        yield _package(name, "part-mismatch", comment, build(AT, DE, tampering=tampering, wrap=wrap))
