"""Vector files: text header lines, an empty line, the bytes under test. Reading and writing them; what they
say is not here.

    expect: malformed
    format: header
    comment: the stanza is one byte short

    {"payload": ...
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "vectors"
SUFFIX = ".vector"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vector:
    """One vector: where it belongs, what must come out, and what goes in."""

    folder: str
    name: str
    expect: str
    """``success`` or the code of the error."""
    comment: str
    body: bytes
    form: str = ""
    """The format of the bytes; the folder's name unless said."""
    row: int | None = None
    """The row of the table of attacks, where there is one."""
    lines: Mapping[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Folder and name."""
        return f"{self.folder}/{self.name}"

    def octets(self, name: str) -> bytes:
        """A line's value, written in hexadecimal."""
        return bytes.fromhex(self.lines[name])

    def integer(self, name: str) -> int:
        """A line's value, written in decimal."""
        return int(self.lines[name])


def encode(vector: Vector) -> bytes:
    """Write a vector file."""
    lines = {"expect": vector.expect, "format": vector.form or vector.folder, "comment": vector.comment}
    if vector.row is not None:
        lines["row"] = str(vector.row)
    head = "".join(f"{name}: {value}\n" for name, value in {**lines, **vector.lines}.items())
    return head.encode() + b"\n" + vector.body


def decode(folder: str, name: str, data: bytes) -> Vector:
    """Read a vector file."""
    head, _, body = data.partition(b"\n\n")
    lines = dict(line.split(": ", 1) for line in head.decode().split("\n"))
    return Vector(
        folder=folder,
        name=name,
        expect=lines.pop("expect"),
        comment=lines.pop("comment"),
        form=lines.pop("format"),
        row=int(lines.pop("row")) if "row" in lines else None,
        lines=lines,
        body=body,
    )


def read_all(root: Path = FOLDER) -> Iterator[Vector]:
    """Read every vector below a folder, in the order of their names."""
    for path in sorted(root.glob(f"*/*{SUFFIX}")):
        yield decode(path.parent.name, path.stem, path.read_bytes())
