"""Findings as a table: what blocks first, then by line; and an officer's words about overriding them."""

from collections.abc import Iterable

import click
from rich.text import Text

from emla.cli import screen
from emla.formats.patterns import RULE
from emla.model.findings import REASON_CHARACTERS_MAX, Finding, Override, Severity

_ORDER = {severity: position for position, severity in enumerate(Severity)}
_STYLE = {Severity.FATAL: "bold red", Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "dim"}


def sort_findings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """What blocks first; inside that by line, what has none first."""
    return tuple(sorted(findings, key=lambda each: (not each.blocks, _ORDER[each.severity], each.line or 0)))


def blocks(findings: Iterable[Finding]) -> bool:
    """Whether anything stands in the way of sending."""
    return any(finding.blocks for finding in findings)


def _words(finding: Finding) -> str:
    overridden = f"Sent all the same: {finding.override}" if finding.override else ""
    return "\n".join(filter(None, (finding.message, finding.remedy, overridden, finding.path)))


def overridable(findings: Iterable[Finding]) -> str:
    """How to send in spite of what blocks, where all that blocks can be overridden; empty where something cannot."""
    blocking = [each for each in findings if each.blocks]
    if not blocking or any(each.severity is Severity.FATAL for each in blocking):
        return ""
    rules = sorted({each.rule for each in blocking})
    return " ".join(f'--override {rule}="REASON"' for rule in rules)


def read_overrides(given: Iterable[str]) -> tuple[Override, ...]:
    """Overrides as typed: ``BR-012a=reason``.

    Raises:
        click.UsageError: not of this form, a rule twice, a reason that is empty or too long.
    """
    overrides: dict[str, Override] = {}
    for each in given:
        rule, _, reason = each.partition("=")
        reason = " ".join(reason.split())
        if not RULE.fullmatch(rule) or not reason:
            raise click.UsageError(f'--override {each}: write the rule, = and the reason: BR-012a="...".')
        if len(reason) > REASON_CHARACTERS_MAX:
            raise click.UsageError(
                f"--override {rule}: a reason has at most {REASON_CHARACTERS_MAX} characters."
            )
        if rule in overrides:
            raise click.UsageError(f"--override {rule} is given twice.")
        overrides[rule] = Override(rule=rule, reason=reason)
    return tuple(overrides.values())


def show_findings(findings: Iterable[Finding], *, on_error: bool = False) -> None:
    """Print the table."""
    rows = [
        (
            Text(each.severity.value, style=_STYLE[each.severity]),
            "-" if each.line is None else str(each.line),
            _words(each),
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
