"""The sandbox's ports: the opener, the only way from a sealed payload to what is inside it, and the clerk, who reads
what officers hand in.

Whoever stands behind them parses hostile documents and has no network, no database and no way to sign. The opener holds the
sealing and content keys: its caller gets a verdict and a record sealed under the authority's content key, never a content key
or plaintext. The clerk holds no key at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from emla.model.errors import InvalidMessageError
from emla.model.findings import Finding
from emla.model.legal_act import LegalAct
from emla.model.message import Message
from emla.model.package import DeclaredPart, SealedPayload
from emla.model.record import SealedAct
from emla.model.terms import SENDING, Terms
from emla.steps.seal import Envelope


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the opener found.

    `code` is None when everything holds, else a catalogued code for ContentConsignmentFailure. `record` is the sealed record
    (`emla.formats.at_rest`); empty when the package could not be opened at all. `act` is there when the message is one that this
    version knows and everything holds.
    """

    code: str | None
    record: bytes
    act: SealedAct | None = None


class SandboxDiedError(Exception):
    """The process died or ran into its limits on this package or message. For a package the caller counts a strike."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A message that its schema and its identity let pass, and what was found that does not block."""

    message: Message
    act: LegalAct
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafted:
    """A checked message with its parts: sealed, or the refusal of what came with it."""

    checked: Checked
    sealed: SealedPayload | InvalidMessageError


class Clerk(Protocol):
    """Checks messages, and seals small ones. Any number of calls may wait; a call that dies with the process says so."""

    async def check(
        self, document: bytes, *, sender: str, recipient: str | None, terms: Terms = SENDING
    ) -> Checked:
        """Check a message's main document of any size; arguments as for `emla.steps.validate.validate`.

        Raises:
            InvalidMessageError: with all findings.
            SandboxDiedError: the process died or ran into its limits on this document.
        """
        ...

    async def draft(
        self,
        body: bytes,
        parts: Sequence[DeclaredPart],
        envelope: Envelope,
        *,
        checked: Checked | None = None,
        terms: Terms = SENDING,
    ) -> Drafted:
        """Check a small message unless that is done, compare its parts with what it says of them, and seal them.

        Args:
            body: the bytes of all parts, one after another, the main document first.
            parts: what they are.
            envelope: what the package is to be; the message must name its sender and recipient.
            checked: what `check` returned for this main document.
            terms: what is overridden, and what is known beside the document.

        Raises:
            InvalidMessageError: the main document, with all findings.
            SandboxDiedError: the process died or ran into its limits on this message.
        """
        ...
