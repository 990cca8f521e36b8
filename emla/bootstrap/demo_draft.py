"""The demo's first draft: sample case S01 as it comes before anybody checked it.

Rules of this file:
- Each fault is what practitioners name as a cause of delay, and breaks one rule: an earlier preservation that is not named, an
  address that cannot be found behind a shared line, a measure whose link to the facts is missing.
"""

from pathlib import Path

from lxml import etree

_COMMON = "{urn:emla:common:1}"
_LEFT_OUT = {
    "BR-010": "NexusToFacts",
    "BR-023": "PreservationReference",
    "BR-024": "SourcePort",
}
MISSING = tuple(_LEFT_OUT)
"""The rules that the draft breaks."""


def first_draft(request: bytes) -> bytes:
    """Leave out of a whole request what an officer in a hurry forgets.

    Args:
        request: sample case S01.

    Raises:
        LookupError: the request has no such element.
    """
    root = etree.fromstring(request, etree.XMLParser(resolve_entities=False, no_network=True))
    for name in _LEFT_OUT.values():
        found = next(root.iter(_COMMON + name), None)
        parent = None if found is None else found.getparent()
        if found is None or parent is None:
            raise LookupError(f"the committed sample has no {name}")
        parent.remove(found)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def write_first_draft(message: Path, folder: Path) -> Path:
    """Write the draft of a request beside nothing else.

    Args:
        message: sample case S01.
        folder: made here.

    Returns:
        The draft, under the name of the request.
    """
    folder.mkdir()
    draft = folder / message.name
    draft.write_bytes(first_draft(message.read_bytes()))
    return draft
