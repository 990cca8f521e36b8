"""What a malware scanner found: the statements, and from rows to values. Part of `SqliteTransaction` and `SqliteReader`."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence

from emla.model.scan import PartScan, Scan, ScanRelease, ScanVerdict
from emla.ports.scans import HeldPart
from emla.store.sqlite.numbers import KEPT, RECEIVED

_OF_KEPT = f"FROM received WHERE pid = ?1 AND {KEPT.format(number='received.id * 2 + 1')}"
"""Of what was erased while it was scanned, or while somebody made up his mind about it, nothing is kept."""
_PUT = f"""
INSERT INTO scan SELECT id, ?2, ?3, ?4, ?5 {_OF_KEPT}
ON CONFLICT DO UPDATE SET verdict = excluded.verdict, detail = excluded.detail, at = excluded.at
"""
_RELEASE = f"INSERT OR REPLACE INTO scan_release SELECT id, ?2, ?3, ?4, ?5, ?6 {_OF_KEPT}"
_KNOWN = "s.part, s.verdict, s.detail, s.at, l.verdict, l.detail, l.person, l.at"
_WITH_RELEASE = "scan s LEFT JOIN scan_release l ON l.received = s.received AND l.part = s.part"
_SCANS = f"SELECT {_KNOWN} FROM {_WITH_RELEASE} WHERE s.received = {RECEIVED} ORDER BY s.part"  # noqa: S608 (constants only)
_HELD = f"""
SELECT {_KNOWN}, r.pid, r.signed, r.sender FROM {_WITH_RELEASE} JOIN received r ON r.id = s.received
WHERE s.verdict <> 'clean' ORDER BY s.received DESC, s.part LIMIT ?
"""  # noqa: S608 (constants only)
_COUNT = f"""
SELECT count(*) FROM {_WITH_RELEASE}
WHERE s.verdict <> 'clean' AND (l.verdict = s.verdict AND (s.verdict <> 'infected' OR l.detail = s.detail)) IS NOT TRUE
"""  # noqa: S608 (constants only)


class ScanStatements:
    """Implements `emla.ports.scans.ScanTransaction`."""

    _execute: Callable[..., sqlite3.Cursor]

    def put_scan(self, pid: bytes, number: int, scan: Scan) -> None:
        """Keep what was said of a part."""
        self._execute(_PUT, (pid, number, scan.verdict.value, scan.detail, scan.at))

    def put_scan_release(self, pid: bytes, number: int, release: ScanRelease) -> bool:
        """Keep a person's decision about a part; False when it is erased."""
        values = (pid, number, release.verdict.value, release.detail, release.person, release.at)
        return self._execute(_RELEASE, values).rowcount == 1


class ScanReads:
    """Implements `emla.ports.scans.ScanReader`."""

    _execute: Callable[..., sqlite3.Cursor]

    def scans(self, pid: bytes) -> Mapping[int, PartScan]:
        """What is known of the parts of a package."""
        return {row[0]: _known(row) for row in self._execute(_SCANS, (pid,))}

    def held_parts(self, limit: int) -> Sequence[HeldPart]:
        """Parts that are not clean."""
        return [
            HeldPart(number=row[0], known=_known(row), pid=row[8], signed=row[9], peer=row[10])
            for row in self._execute(_HELD, (limit,))
        ]

    def held_part_count(self) -> int:
        """Parts that are not clean and not released."""
        return int(self._execute(_COUNT).fetchone()[0])


def _known(row: sqlite3.Row) -> PartScan:
    release = None
    if row[4] is not None:
        release = ScanRelease(verdict=ScanVerdict(row[4]), detail=row[5], person=row[6], at=row[7])
    return PartScan(scan=Scan(verdict=ScanVerdict(row[1]), detail=row[2], at=row[3]), release=release)
