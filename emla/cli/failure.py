"""The one place where an error becomes words and an exit code: what happened, the facts, what to do, who must
act.

On standard error for people; with `--json` as ``{"error": {...}}`` on standard output, which holds nothing
else then.
"""

import traceback

import click

from emla.model.codes import CODES, Code
from emla.model.errors import EmlaError
from emla.model.findings import Finding


def report(error: EmlaError, *, as_json: bool) -> int:
    """Show an error and return its exit code."""
    return _show(error.entry, error.detail, error.findings, as_json=as_json)


def report_usage(error: click.UsageError, *, as_json: bool) -> int:
    """Show a mistake on the command line."""
    entry = CODES["usage"]
    if as_json:
        return _show(entry, error.format_message(), (), as_json=True)
    error.show()
    return entry.exit_code


def report_unexpected(error: Exception, *, as_json: bool, debug: bool) -> int:
    """Show an error nobody foresaw: one line, and the way to it only when asked for."""
    if debug:
        click.echo("".join(traceback.format_exception(error)), err=True, nl=False)
    words = " ".join(str(error).split())[:300]
    detail = f"{type(error).__name__}: {words}" + ("" if debug else " (run again with --debug to see where)")
    return _show(CODES["internal"], detail, (), as_json=as_json)


def document(error: EmlaError) -> dict[str, object]:
    """An error as a member of a JSON document."""
    return _document(error.entry, error.detail, error.findings)


def _document(entry: Code, detail: str, findings: tuple[Finding, ...]) -> dict[str, object]:
    from emla.cli.screen import as_json

    return {
        "code": entry.code,
        "meaning": entry.meaning,
        "detail": detail,
        "remedy": entry.remedy,
        "who": entry.who.value,
        "retryable": entry.retryable,
        "exit_code": entry.exit_code,
        "findings": as_json(findings),
    }


def _show(entry: Code, detail: str, findings: tuple[Finding, ...], *, as_json: bool) -> int:
    from emla.cli import screen

    if as_json:
        screen.emit_json({"error": _document(entry, detail, findings)})
        return entry.exit_code
    screen.note(f"Error: {entry.meaning}", style="bold red")
    # The first finding's sentence is often the detail, too: do not say it twice.
    if detail and not any(finding.message == detail for finding in findings):
        for line in detail.splitlines():
            screen.note(f"  {line}")
    if findings:
        from emla.cli.finding_table import show_findings

        show_findings(findings, on_error=True)
    screen.note(f"What to do: {entry.remedy}")
    screen.note(f"Who must act: {entry.who.value}. Code: {entry.code}.", style="dim")
    return entry.exit_code
