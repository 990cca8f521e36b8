"""prepare: one submission -> checked, and sealed where it is small. What the clerk does with each.

Rules of this file:
- Whatever is wrong with the message is an `InvalidMessageError` with all findings; what went wrong here (memory, a fault of ours)
  is never blamed on the officer: it is raised, and the process ends.
- Nothing is kept from one submission to the next.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from emla.formats.schema import Schemas
from emla.model.errors import InvalidMessageError
from emla.model.limits import XmlLimits
from emla.model.package import DeclaredPart, SealedPayload
from emla.model.terms import SENDING, Terms
from emla.ports.sandbox import Checked
from emla.steps.seal import Envelope, PayloadSealer, plan_for
from emla.steps.validate import ReadDocument, judge, read, require_parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What a message is checked with."""

    schemas: Schemas
    limits: XmlLimits
    memory_is_tight: Callable[[], bool]
    """Whether this process was ever so near its limit that an allocation may have failed."""


def begin(document: bytes, desk: Desk) -> ReadDocument | InvalidMessageError:
    """Read a main document; `check` judges it."""
    return read(document, schemas=desk.schemas, limits=desk.limits)


def check(
    found: ReadDocument | InvalidMessageError,
    sender: str,
    recipient: str | None,
    desk: Desk,
    terms: Terms = SENDING,
) -> Checked:
    """Judge a main document, as `begin` read it.

    Raises:
        InvalidMessageError: with all findings.
        MemoryError: the limit of this process was too near to trust the result.
    """
    try:
        valid = judge(found, schemas=desk.schemas, sender=sender, recipient=recipient, terms=terms)
    except InvalidMessageError:
        if desk.memory_is_tight():
            # libxml2 may report an allocation that failed as a fault of the document: no such verdict is believed.
            raise MemoryError from None
        raise
    return Checked(message=valid.message, act=valid.act, findings=valid.findings)


def seal_parts(
    body: bytes | memoryview, parts: Sequence[DeclaredPart], envelope: Envelope, checked: Checked
) -> tuple[SealedPayload, list[bytes]]:
    """Compare the parts with what the message says of them, and seal them.

    Returns:
        The sealed payload without its bytes, and these in pieces.

    Raises:
        InvalidMessageError: they are not the parts the message names, or do not fit a manifest.
    """
    sealer = PayloadSealer(plan_for(envelope, checked.message))
    view, begin = memoryview(body), 0
    pieces: list[bytes] = []
    files: list[tuple[str, int, bytes]] = []
    for number, declared in enumerate(parts):
        sealer.begin_part(declared.role, declared.media, declared.name)
        pieces.append(sealer.update(view[begin : begin + declared.size]))
        part = sealer.end_part()
        if number:
            files.append((declared.name, part.size, part.sha256))
        begin += declared.size
    require_parts(checked.message, files)
    pieces.append(sealer.finish())
    return sealer.sealed(None), pieces
