"""kept: what holders have said of who read what we sent, and whether a report says anything beyond it. For another thread.

Rules of this file:
- What says nothing new is not kept, or whoever asks every minute, and whoever answers the same for ever, fills the disk.
- A report that contradicts what was said before says something new, once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from emla.formats import access_report as form
from emla.formats import dsse
from emla.model.access import FIRST_PLACE, Access, AccessReport, LedgerPlace
from emla.model.errors import EmlaError
from emla.model.limits import WIRE
from emla.model.signed import PayloadType
from emla.ports.accesses import ReportRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A report that is here. `signed`: as the holder signed it."""

    report: AccessReport
    at: int
    """When it came."""
    signed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one holder has said. `code`: why it said nothing new; empty where it did, or was not asked."""

    holder: str
    kept: tuple[Kept, ...]
    code: str = ""
    detail: str = ""


class Heard:
    """What one holder has said in a case. `place`: behind its last report; `size_bytes`: of what is kept of it."""

    def __init__(self, rows: Sequence[ReportRow], content_key: bytes) -> None:
        self.place = FIRST_PLACE
        self.size_bytes = sum(len(row.sealed) for row in rows)
        self._has_spoken = False
        self._named: dict[int, set[Access]] = {}
        """By epoch."""
        self._left_out: dict[int, set[Access]] = {}
        """What a report left out that an earlier one had named."""
        for row in rows:
            if (kept := opened(row, content_key)) is not None:
                self._add(kept.report)

    def add(self, report: AccessReport, size_bytes: int) -> None:
        """Another one is kept."""
        self._add(report)
        self.size_bytes += size_bytes

    def _add(self, report: AccessReport) -> None:
        epoch = report.first.epoch
        self._has_spoken = True
        self.place = LedgerPlace(epoch=epoch, index=report.end)
        self._left_out.setdefault(epoch, set()).update(self._missing(report))
        self._named.setdefault(epoch, set()).update(report.accesses)

    def is_new(self, report: AccessReport) -> bool:
        """Whether a report is the first word, names an access that none named, or is the first that leaves one out."""
        epoch = report.first.epoch
        is_more = not self._named.get(epoch, set()).issuperset(report.accesses)
        is_less = not self._left_out.get(epoch, set()).issuperset(self._missing(report))
        return is_more or is_less or not self._has_spoken

    def _missing(self, report: AccessReport) -> set[Access]:
        """What a report leaves out, of what was named before."""
        named = self._named.get(report.first.epoch, set())
        covered = {each for each in named if report.first.index <= each.leaf < report.end}
        return covered.difference(report.accesses)


def said_by(
    rows: Sequence[ReportRow],
    content_key: bytes,
    holders: Sequence[str],
    troubles: Mapping[str, EmlaError | None],
) -> tuple[Said, ...]:
    """What every holder has said, in the order in which it came."""
    by_holder: dict[str, list[Kept]] = {each: [] for each in holders}
    for row in rows:
        if (kept := opened(row, content_key)) is not None:
            by_holder.setdefault(row.holder, []).append(kept)
    said = []
    for holder, kept_ones in by_holder.items():
        trouble = troubles.get(holder)
        code, detail = (trouble.code, trouble.detail) if trouble else ("", "")
        said.append(Said(holder=holder, kept=tuple(kept_ones), code=code, detail=detail))
    return tuple(said)


def opened(row: ReportRow, content_key: bytes) -> Kept | None:
    """A kept report: it was verified before it was kept, and no one else has the key under which it lies."""
    signed = form.open_report(row.sealed, content_key=content_key, case_id=row.case_id)
    if signed is None:
        return None
    payload = dsse.decode(signed, PayloadType.ACCESSES, WIRE.access_bytes).payload
    return Kept(report=form.decode(payload), at=row.at, signed=signed)
