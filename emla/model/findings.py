"""Findings: what a check has to say about a message, in words a lawyer understands.

A check never stops at the first problem: it returns every finding, each with the place in the document, the
rule and its source. Whether a finding blocks is decided by its severity and by who asks (sender or receiver),
not here.
"""

from dataclasses import dataclass
from enum import StrEnum

REASON_CHARACTERS_MAX = 500
"""The longest reason of an override."""
OVERRIDES_MAX = 64
"""So many rules can be overridden at once."""


class Severity(StrEnum):
    """How much a finding weighs: FATAL blocks, ERROR needs a recorded reason to override, the rest inform."""

    FATAL = "fatal"
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing a check found in a message."""

    rule: str
    """Stable id: ``BR-nnn`` for a business rule, ``XML-...`` for the pre-pass, ``XSD-...`` for the schema."""
    severity: Severity
    message: str
    """One plain sentence: what is wrong and what to write instead."""
    line: int | None = None
    """Line in the document, from 1; None where the finding is about the whole."""
    path: str = ""
    """XPath-like place, for example ``/MLARequest/Offence[2]/MaximumPenalty``."""
    source: str = ""
    """Treaty article, standard or design note the rule rests on."""
    remedy: str = ""
    """How to mend it, where `message` does not say that already."""
    override: str = ""
    """Why the sender sends all the same; only what has weight ERROR can be overridden."""

    @property
    def blocks(self) -> bool:
        """Whether it stands in the way of sending."""
        return self.severity is Severity.FATAL or (self.severity is Severity.ERROR and not self.override)


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """An officer's decision to send a message in spite of one rule, with the reason that is recorded."""

    rule: str
    reason: str
