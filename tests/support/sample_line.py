"""Sample cases on the line: messages handed in with their files, by an officer who has a reason for what a rule minds."""

from pathlib import Path

from emla.bootstrap.sample import write_capture
from emla.flow.line.submission import Submission
from emla.formats.message import read_message
from emla.formats.xml import parse_xml
from emla.model.errors import InvalidMessageError
from emla.model.findings import Override, Severity
from emla.model.limits import XmlLimits
from emla.model.message import Message
from emla.model.package import DeclaredPart, PartRole
from tests.support.in_process import BytesSource, Station

CAPTURE = "hinode-mirai-bank.pcap"
REASON = "The course of the sample case asks for it."


def message_in(path: Path) -> Message:
    """What a message says of itself."""
    return read_message(parse_xml(path.read_bytes(), XmlLimits()))


def files_of(path: Path, capture: Path) -> list[tuple[str, str, bytes]]:
    """Name, media type and bytes of each file of a message; the capture of S01 is made where it is not there."""
    files = []
    for each in message_in(path).attachments:
        file = path.parent / each.file_name
        if each.file_name == CAPTURE:
            file = capture
            if not file.exists():
                write_capture(file)
        files.append((each.file_name, each.media_type, file.read_bytes()))
    return files


async def hand_in(station: Station, path: Path, capture: Path, seen: str | None = None) -> bytes:
    """Submit a message of a sample case; what rules of weight error find is overridden.

    Raises:
        InvalidMessageError: what no reason makes good.
    """
    parts = [("message.xml", "application/xml", PartRole.MAIN, path.read_bytes())]
    parts += [(name, media, PartRole.ANNEX, data) for name, media, data in files_of(path, capture)]
    overrides: tuple[Override, ...] = ()
    while True:
        try:
            submitted = await station.submit(
                Submission(
                    parts=tuple(
                        DeclaredPart(name=name, media=media, role=role, size=len(data))
                        for name, media, role, data in parts
                    ),
                    source=BytesSource(b"".join(data for *_, data in parts)),
                    overrides=overrides,
                    seen=seen,
                )
            )
        except InvalidMessageError as error:
            blocking = {each.rule: each.severity for each in error.findings if each.blocks}
            if not blocking or Severity.FATAL in blocking.values():
                raise
            overrides += tuple(Override(rule=rule, reason=REASON) for rule in sorted(blocking))
        else:
            return submitted.pid
