"""One sample of each message: its bytes, its type and the files it names."""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from emla.formats.message import read_message
from emla.formats.xml import parse_xml
from emla.model.limits import XmlLimits
from emla.model.message import Message
from tests.support.sample_case import SCHEMA_FOLDER

FOLDER = SCHEMA_FOLDER / "samples" / "messages"
FILES = tuple(sorted(FOLDER.glob("*.xml")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A sample as it is sent."""

    path: Path
    data: bytes
    message: Message

    def files(self) -> tuple[tuple[str, bytes], ...]:
        """Name and bytes of each file the message names."""
        return tuple(
            (each.file_name, (FOLDER / each.file_name).read_bytes()) for each in self.message.attachments
        )

    def parts(self) -> tuple[tuple[str, int, bytes], ...]:
        """What `check_parts` wants to know of the files."""
        return tuple((name, len(data), hashlib.sha256(data).digest()) for name, data in self.files())


@cache
def samples() -> tuple[Sample, ...]:
    """All samples, by file name."""
    return tuple(
        Sample(path=path, data=data, message=read_message(parse_xml(data, XmlLimits())))
        for path in FILES
        for data in (path.read_bytes(),)
    )
