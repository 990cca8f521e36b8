"""Files that go along with a request that is being written: judged when they are named, read when it is written.

Rules of this file:
- A file is hashed while it is copied, so the request says what the copy holds, whatever happens to the original.
- Its name goes into the request without its folder, and must be plain and unique without regard to capitals.
"""

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from emla.model.errors import ConfigurationError
from emla.writing.accept import Unacceptable
from emla.writing.answers import Answers, parent_of

_CHUNK_BYTES = 1024 * 1024
_MEDIA = {
    ".pdf": "application/pdf", ".xml": "application/xml", ".txt": "text/plain", ".csv": "text/csv", ".json": "application/json",
    ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".tif": "image/tiff", ".tiff": "image/tiff",
    ".mp4": "video/mp4", ".mp3": "audio/mpeg", ".wav": "audio/wav", ".zip": "application/zip", ".eml": "message/rfc822",
    ".pcap": "application/vnd.tcpdump.pcap",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".odt": "application/vnd.oasis.opendocument.text", ".ods": "application/vnd.oasis.opendocument.spreadsheet",
}  # fmt: skip
RESERVED = frozenset({"request.xml", "request.pdf", "request.html"})
"""Names of what the writer itself puts beside the files."""


def check_file(typed: str, answers: Answers, place: str) -> str:
    """Judge the path of a file; returns it whole.

    Raises:
        Unacceptable: with one sentence.
    """
    try:
        path = Path(typed.strip("'\" ")).expanduser().absolute()
        str(path).encode()
        standing = path.stat()
    except OSError as error:
        raise Unacceptable(f"{typed}: {error.strerror}.") from None
    except (
        ValueError,
        RuntimeError,
    ):  # a letter that no name holds, or one that is not UTF-8; ~name of nobody
        raise Unacceptable(f"{typed} is not the path of a file; type it whole, beginning with /.") from None
    if not stat.S_ISREG(standing.st_mode):
        raise Unacceptable(f"{path} is not a file.")
    if not os.access(path, os.R_OK):
        raise Unacceptable(f"{path} cannot be read.")
    if not standing.st_size:
        raise Unacceptable(f"{path} is empty.")
    name = path.name
    if not name.isprintable() or len(name) > 200 or name != " ".join(name.split()):
        raise Unacceptable(f"The name of {path} is too long or has signs in it that nobody sees; rename it.")
    others = {
        Path(value).name.casefold()
        for other, value in answers.items()
        if other != place and other.startswith("Attachment[") and other.endswith("/FileName")
    }
    if name.casefold() in others | RESERVED:
        raise Unacceptable(f"A file named {name} goes along already; rename one of them.")
    return str(path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """A file as it was copied."""

    name: str
    size_bytes: int
    sha256: bytes

    def facts(self, place: str) -> dict[str, str]:
        """What the request says of it, by place."""
        above = parent_of(place)
        return {
            f"{above}/FileName": self.name,
            f"{above}/MediaType": _MEDIA.get(Path(self.name).suffix.lower(), "application/octet-stream"),
            f"{above}/SizeBytes": str(self.size_bytes),
            f"{above}/Sha256": self.sha256.hex(),
        }


def copy_file(source: Path, folder: Path) -> Copied:
    """Copy a file into a folder, private, hashing it on the way.

    Raises:
        ConfigurationError: ``unreadable-file``.
    """
    digest, size_bytes = hashlib.sha256(), 0
    try:
        with (
            open(source, "rb", opener=_regular) as read,
            open(folder / source.name, "xb", opener=_private) as write,
        ):
            while chunk := read.read(_CHUNK_BYTES):
                digest.update(chunk)
                size_bytes += len(chunk)
                write.write(chunk)
            write.flush()
            os.fsync(write.fileno())
    except OSError as error:
        raise ConfigurationError("unreadable-file", f"{source}: {error.strerror}.") from error
    return Copied(name=source.name, size_bytes=size_bytes, sha256=digest.digest())


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


def _regular(path: str, flags: int) -> int:
    """Open a file that still is one: a pipe that took its place since it was named would hold us for ever."""
    descriptor = os.open(path, flags | os.O_CLOEXEC | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(0, "It is no longer a file")
    return descriptor
