"""What the authority API shows of scans: values -> JSON. One function for each thing shown; no decisions."""

from collections.abc import Mapping

from emla.formats.manifest import display_name
from emla.model.package import Manifest
from emla.model.scan import PartScan, ScanVerdict
from emla.ports.listings import Listed
from emla.ports.scans import HeldPart
from emla.web.views import Json, instant


def part_scan(known: PartScan) -> Json:
    """What is known of a part that was scanned."""
    released = known.released
    return {
        "verdict": known.scan.verdict.value,
        "detail": known.scan.detail,
        "at": instant(known.scan.at),
        "released": {"by": released.person, "at": instant(released.at)} if released else None,
    }


def add_scans(message: Json, scans: Mapping[int, PartScan]) -> None:
    """Add to a package as it is shown what is known of each of its parts; null: nobody has scanned it."""
    parts = message.get("parts")
    for part in parts if isinstance(parts, list) else ():
        known = scans.get(part["n"])
        part["scan"] = part_scan(known) if known else None


def add_infected(summary: Json, scans: Mapping[int, PartScan]) -> None:
    """Add to a package in a list in how many of its parts malware was found."""
    summary["infected"] = sum(each.scan.verdict is ScanVerdict.INFECTED for each in scans.values())


def unopened(listed: Listed) -> Json:
    """A package that could not be opened."""
    return {
        "kind": "package",
        "pid": listed.pid.hex(),
        "peer": listed.peer,
        "code": listed.code,
        "created": instant(listed.created),
    }


def held(part: HeldPart, manifest: Manifest | None) -> Json:
    """A part that is not clean; its name is content."""
    named = manifest.parts[part.number] if manifest else None
    return {
        "kind": "part",
        "pid": part.pid.hex(),
        "peer": part.peer,
        "n": part.number,
        "name": display_name(named.name) if named else None,
        "size": named.size if named else None,
        "scan": part_scan(part.known),
    }
