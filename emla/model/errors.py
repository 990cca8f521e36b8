"""The error tree: one class for each party that must act, one catalogued code for each trouble.

Rules of this file:
- The class says *who must act*; the code (stable, kebab-case) says *what happened*. `emla.model.codes` has
  one row for each code: meaning, remedy, HTTP status, exit code. What is not in that table cannot be raised.
- ``detail`` adds the facts of this one case. It is shown to our own people only; a peer sees code and ids.
- A duplicate is not an error, and a signed refusal is a value, not an exception.
"""

from emla.model.codes import CODES, Code
from emla.model.findings import Finding


class EmlaError(Exception):
    """Anything emla refuses or fails to do, with a catalogued code."""

    def __init__(self, code: str, detail: str = "", *, findings: tuple[Finding, ...] = ()) -> None:
        self.entry: Code = CODES[code]
        self.detail = detail
        self.findings = findings
        super().__init__(code, detail)

    @property
    def code(self) -> str:
        """The stable code, for example ``bad-signature``."""
        return self.entry.code

    @property
    def retryable(self) -> bool:
        """Whether the same attempt may succeed later without anybody changing anything."""
        return self.entry.retryable

    def __str__(self) -> str:
        return f"{self.entry.meaning} {self.detail}".strip()


class ConfigurationError(EmlaError):
    """Our operator must act."""


class InvalidMessageError(EmlaError):
    """Our caller (officer, case system) must act; carries all findings."""


class PeerError(EmlaError):
    """Bytes from outside are not what they must be; the one who made them must act."""


class MalformedError(PeerError):
    """Bytes from outside do not have the form the specification asks for. Always the code ``malformed``."""

    def __init__(self, detail: str) -> None:
        super().__init__("malformed", detail)


class InvalidPackageError(PeerError):
    """The peer sent a package that does not verify."""


class InvalidAcknowledgementError(PeerError):
    """The peer sent an acknowledgement that does not verify."""


class InvalidDocumentError(PeerError):
    """Somebody handed us an authority document that cannot be trusted."""


class InvalidCallError(PeerError):
    """Somebody made a call whose own signature does not verify."""


class TransportError(EmlaError):
    """The line to the peer failed; trying again later is right."""


class StoreError(EmlaError):
    """Our own storage failed."""


class NotFoundError(EmlaError):
    """Our caller named something that is not here."""


class LedgerIntegrityError(EmlaError):
    """The ledger does not add up. Nobody continues."""


class IllegalTransitionError(Exception):
    """A programmer's error: a state edge that is not in its table. Never caught."""
