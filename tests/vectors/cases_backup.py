"""Vectors of the backup file: header, sealed archive, end mark."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping

from emla.formats import archive, backup, cc1, h1
from emla.formats.archive import CONTENT, LIST, Member
from emla.formats.backup import BackupContent, BackupHeader
from emla.formats.binding import key_id
from tests.support.authorities import NOW, derived
from tests.support.vector_files import Vector
from tests.vectors import xwing

SEED = derived("key", "backup")
PUBLIC = h1.SealingKey(SEED).public
KID = key_id(h1.NAME, PUBLIC)
CEK = derived("cek", "backup")
BLOB = derived("payload", "backup", length=600)
FILES = (
    ("emla.toml", b"[peer]\nlisten_port = 8443\n"),
    ("documents/own.json", b'{"example":1}'),
    (f"blobs/{hashlib.sha256(BLOB).hexdigest()[:2]}/{hashlib.sha256(BLOB).hexdigest()}", BLOB),
)


def file(name: str, data: bytes) -> bytes:
    """A member of the archive."""
    return archive.encode_block(Member(name=name, size=len(data)), NOW) + data + archive.padding(len(data))


def listing(files: Iterable[tuple[str, bytes]]) -> bytes:
    """The list of files."""
    return b"".join(
        archive.list_line(Member(name=name, size=len(data)), hashlib.sha256(data).digest())
        for name, data in files
    )


def content_of(files: tuple[tuple[str, bytes], ...], count: int | None = None) -> bytes:
    """What the archive says of itself."""
    return backup.encode_content(
        BackupContent(
            authority="at.moj",
            at=NOW,
            software="emla/0.1.0",
            files=len(files) if count is None else count,
            size=sum(len(data) for _, data in files),
            list_sha256=hashlib.sha256(listing(files)).digest(),
            checkpoint="",
            missing=0,
        )
    )


def plain(files: tuple[tuple[str, bytes], ...] = FILES, **parts: bytes) -> bytes:
    """An archive; parts may be put in the place of the right ones."""
    return b"".join(
        (
            *(file(name, data) for name, data in files),
            file(LIST, parts.get("listing", listing(files))),
            file(CONTENT, parts.get("content", content_of(files))),
            parts.get("end", archive.END),
        )
    )


def sealed(stream: bytes, **changes: object) -> bytes:
    """A backup of an archive."""
    authority, at = "at.moj", NOW
    binding = backup.bind(authority=authority, at=at, id=derived("id", "backup", length=16), kid=KID)
    header = BackupHeader(
        authority=authority,
        at=at + int(str(changes.get("later", 0))),
        id=derived("id", "backup", length=16),
        kid=KID,
        stanza=xwing.wrap(PUBLIC, CEK, binding, derived("hpke", "backup", length=64)),
    )
    body = backup.encode_header(header) + cc1.seal_all(backup.stream_key(CEK, binding), stream)
    return body + backup.encode_end(len(body), hashlib.sha256(body).digest())


def with_mark(body: bytes) -> bytes:
    """The same file, changed before its end mark, with an end mark that fits."""
    return body + backup.encode_end(len(body), hashlib.sha256(body).digest())


def _vector(
    name: str, expect: str, comment: str, body: bytes, lines: Mapping[str, str] | None = None
) -> Vector:
    return Vector(
        folder="backup",
        name=name,
        expect=expect,
        comment=comment,
        body=body,
        lines={"seed": SEED.hex(), "kid": KID} | dict(lines or {}),
    )


def backup_vectors() -> Iterator[Vector]:
    """Every vector of the backup file."""
    good, damaged = sealed(plain()), "backup-damaged"
    cut = good[: -backup.END_BYTES]
    facts = {"archive-sha256": hashlib.sha256(plain()).hexdigest(), "files": str(len(FILES))}
    yield _vector("good", "success", "three files", good, facts)
    two = (*FILES, ("keys/large.json", derived("large", length=70_000)))
    facts = {"archive-sha256": hashlib.sha256(plain(two)).hexdigest(), "files": str(len(two))}
    yield _vector("good-two-chunks", "success", "an archive of two chunks", sealed(plain(two)), facts)
    yield _vector("magic", damaged, "another magic line", b"emla backup 2\n" + good[14:])
    yield _vector("end-cut", damaged, "the end mark is a byte short", good[:-1])
    yield _vector("end-size", damaged, "a byte more than the end mark says", good[:40] + b" " + good[40:])
    yield _vector(
        "flipped",
        damaged,
        "a byte of the stream is changed",
        good[:2000] + bytes([good[2000] ^ 1]) + good[2001:],
    )
    yield _vector(
        "flipped-with-mark",
        damaged,
        "the same, and the end mark fits",
        with_mark(cut[:2000] + bytes([cut[2000] ^ 1]) + cut[2001:]),
    )
    yield _vector(
        "chunk-dropped",
        damaged,
        "the last chunk is gone, and the end mark fits",
        with_mark(sealed(plain(two))[: good.index(b"}") + 1 + 65552]),
    )
    yield _vector(
        "header-instant",
        "wrong-backup-key",
        "the header names another instant than it was bound to",
        sealed(plain(), later=1),
    )
    yield _vector(
        "name-outside",
        damaged,
        "a name that leads out of the folder",
        sealed(plain().replace(b"emla.toml", b"../a.toml", 1)),
    )
    yield _vector(
        "list-other",
        damaged,
        "the list is of another file",
        sealed(plain(listing=listing((("emla.toml", b"x"), *FILES[1:])))),
    )
    yield _vector(
        "content-count", damaged, "it says it has a file more", sealed(plain(content=content_of(FILES, 4)))
    )
    yield _vector("end-missing", damaged, "no zero blocks at the end", sealed(plain(end=b"")))
    yield _vector("end-more", damaged, "a block behind the end", sealed(plain(end=archive.END + bytes(512))))
