"""Findings as a table: what blocks first, then by line."""

from collections.abc import Iterable

from rich.text import Text

from emla.cli import screen
from emla.model.findings import Finding, Severity

BLOCKING = frozenset({Severity.FATAL, Severity.ERROR})
_ORDER = {severity: position for position, severity in enumerate(Severity)}
_STYLE = {Severity.FATAL: "bold red", Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "dim"}


def sort_findings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """What blocks first; inside that by line, what has none first."""
    return tuple(sorted(findings, key=lambda each: (_ORDER[each.severity], each.line or 0)))


def blocks(findings: Iterable[Finding]) -> bool:
    """Whether anything stands in the way of sending."""
    return any(finding.severity in BLOCKING for finding in findings)


def show_findings(findings: Iterable[Finding], *, on_error: bool = False) -> None:
    """Print the table."""
    rows = [
        (
            Text(each.severity.value, style=_STYLE[each.severity]),
            "-" if each.line is None else str(each.line),
            f"{each.message}\n{each.path}".strip(),
            each.rule,
            each.source,
        )
        for each in sort_findings(findings)
    ]
    screen.table(
        ("Weight", "Line", "What is wrong, and where", "Rule", "Source"),
        rows,
        fold=("What is wrong, and where", "Source", "Rule"),
        on_error=on_error,
    )
