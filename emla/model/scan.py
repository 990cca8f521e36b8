"""What a malware scanner says of a part of a peer's package, and a person's decision to hand it over in spite of that.

Rules of this file:
- Whatever the scanner cannot say is a verdict of its own and never "clean".
- A release is for what was known when it was made: something else that is found later needs another one.
- What a scanner says is a foreign text: of it only the name of what was found is kept, in letters of a list.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

_NAME_CHARACTERS_MAX = 120
_FOREIGN = re.compile(r"[^A-Za-z0-9._:/+()-]+", re.ASCII)
UNNAMED = "unnamed"
"""The scanner found something and did not say what."""


class ScanVerdict(StrEnum):
    """What became of a scan."""

    CLEAN = "clean"
    INFECTED = "infected"
    TOO_LARGE = "too-large"
    """Larger than the scanner takes, so that nobody has looked at it."""
    FAILED = "failed"
    """The scanner is not there, did not come to an end, or did not say anything that can be understood."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """What a scanner said: the verdict, and the name of what was found or why there is no other verdict."""

    verdict: ScanVerdict
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What was said of a part, and when (UNIX seconds)."""

    verdict: ScanVerdict
    detail: str
    at: int

    @property
    def looked(self) -> bool:
        """Whether the scanner has looked at it."""
        return self.verdict in (ScanVerdict.CLEAN, ScanVerdict.INFECTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanRelease:
    """A person's decision, for what was known then. `person` is an id that only this authority can resolve."""

    verdict: ScanVerdict
    detail: str
    person: str
    at: int

    def covers(self, scan: Scan) -> bool:
        """Whether it is about this finding. Why a scan failed may change from one to the next; what was found may not."""
        return self.verdict is scan.verdict and (
            scan.verdict is not ScanVerdict.INFECTED or self.detail == scan.detail
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PartScan:
    """What is known of a part: the last scan, and the last release."""

    scan: Scan
    release: ScanRelease | None = None

    @property
    def released(self) -> ScanRelease | None:
        """The release that counts."""
        return self.release if self.release is not None and self.release.covers(self.scan) else None

    def holds(self, now: int, seconds: int) -> bool:
        """Whether it need not be scanned again: it was, less than so many seconds ago, or somebody decided not to wait for it."""
        return (self.scan.looked or self.released is not None) and 0 <= now - self.scan.at < seconds


def found_name(said: str) -> str:
    """The name of what was found, from what a scanner said, as it may be kept and shown."""
    return _FOREIGN.sub("_", said.strip())[:_NAME_CHARACTERS_MAX].strip("_") or UNNAMED
