"""The ministry's malware scanner: a program or a daemon that is not ours. It reads plaintext, a part at a time.

Contract: nothing of what is scanned touches a disk on the way to it; a scan ends in time, however the scanner behaves; what
it says is read by its form alone. That it is missing, hangs, dies or talks nonsense is the verdict FAILED and no exception.
"""

from collections.abc import AsyncIterator
from typing import Protocol

from emla.model.scan import Scanned


class Scanner(Protocol):
    """Scans parts. Any number of calls may run at once."""

    @property
    def kind(self) -> str:
        """What it is, for people: ``clamd`` or ``command``."""
        ...

    async def scan(self, pieces: AsyncIterator[bytes], size: int) -> Scanned:
        """Scan a part.

        Args:
            pieces: its bytes; not all of them are taken where the scanner knows earlier.
            size: how many bytes they are together.

        Raises:
            EmlaError: what reading the pieces raised.
        """
        ...
