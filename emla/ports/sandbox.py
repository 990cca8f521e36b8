"""The opener's port: the only way from a sealed payload to what is inside it.

Whoever stands behind it holds the sealing and content keys, parses hostile documents, and has no network and no database.
The caller gets a verdict and a record sealed under the authority's content key; it never sees a content key or plaintext.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the opener found.

    `code` is None when everything holds, else a catalogued code for ContentConsignmentFailure. `record` is the sealed record
    (`emla.formats.at_rest`); empty when the package could not be opened at all.
    """

    code: str | None
    record: bytes


class SandboxDiedError(Exception):
    """The opener died or ran into its limits on this package. The caller counts a strike."""


class Opener(Protocol):
    """Opens packages, one after another. Any number of calls may wait; each ends in a verdict or `SandboxDiedError`."""

    async def open(self, signed_header: bytes, pid: bytes, payload: bytes | Path) -> Verdict:
        """Open one package that passed rungs 1 to 15.

        Args:
            signed_header: the encoded signed object of the header.
            pid: the package id.
            payload: the sealed bytes, or the file that holds them (its descriptor is handed over, not its path).
        """
        ...
