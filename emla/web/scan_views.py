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


def add_scans(package: Json, scans: Mapping[int, PartScan]) -> Json:
    """A package as it is shown, with what is known of its parts; null: nobody has scanned it."""
    package["infected"] = sum(each.scan.verdict is ScanVerdict.INFECTED for each in scans.values())
    parts = package.get("parts")
    for part in parts if isinstance(parts, list) else ():
        known = scans.get(part["n"])
        part["scan"] = part_scan(known) if known else None
    return package


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
