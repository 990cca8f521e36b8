"""Calls about what waits for a decision: packages that could not be opened, and parts that the malware scanner keeps back."""

from typing import Annotated

from msgspec import Meta

from emla.model.scan import ScanVerdict
from emla.web.contract.call import LIMIT, AuthorityId, Call, Count, Digits64, Instant, Shape


class Release(Shape, frozen=True, kw_only=True):
    """Who decided, by the id under which the ledger knows a person, and when."""

    by: str
    at: Instant


class PartScan(Shape, frozen=True, kw_only=True):
    """What the scanner last said of a part, and the decision that counts for exactly this, if there is one."""

    verdict: ScanVerdict
    detail: str
    at: Instant
    released: Release | None


class WaitingPackage(Shape, frozen=True, kw_only=True, tag_field="kind", tag="package"):
    """A package that could not be opened, and why."""

    pid: Digits64
    peer: AuthorityId
    code: str | None
    created: Instant


class WaitingPart(Shape, frozen=True, kw_only=True, tag_field="kind", tag="part"):
    """A part that the scanner did not call clean; its name and size are null for who sees no content."""

    pid: Digits64
    peer: AuthorityId
    n: Count
    name: str | None
    size: Count | None
    scan: PartScan


class Quarantine(Shape, frozen=True, kw_only=True):
    """What waits for a decision, and what scans here: null where nothing does."""

    scanner: str | None
    items: list[WaitingPackage | WaitingPart]


class Decision(Shape, frozen=True, kw_only=True):
    """What was seen of a part, and why it is handed over all the same."""

    verdict: Annotated[str, Meta(pattern="^(infected|too-large|failed)$")]
    reason: Annotated[str, Meta(min_length=1, max_length=500)]


_READING = ("not-readable", "payload-damaged", "chunk-damaged", "part-mismatch")
CALLS = (
    Call(
        method="GET",
        path="/v1/quarantine",
        words="What waits for a decision: packages that could not be opened, and parts that are not clean.",
        query=(LIMIT,),
        answer=Quarantine,
    ),
    Call(
        method="POST",
        path="/v1/messages/{pid}/parts/{number}/scan",
        words="Has a part scanned now, whatever was said of it before.",
        answer=PartScan,
        codes=(*_READING, "wrong-state", "busy"),
    ),
    Call(
        method="POST",
        path="/v1/messages/{pid}/parts/{number}/release",
        words="Decides that a part is handed over in spite of what the scanner said of it.",
        takes=Decision,
        answer=PartScan,
        codes=(*_READING, "wrong-state"),
    ),
)
