"""The table that a run of ablation ends with, as a pytest plugin: the first process of a parallel run sees every report."""

import pytest

PROPERTY = "ablation"
_WIDTHS = (16, 52)


def line_of(number: int, row: str, name: str, held_by: tuple[str, ...], seconds: float) -> dict[str, object]:
    """What a test of a safeguard leaves behind for the table."""
    return {"number": number, "row": row, "name": name, "held_by": ", ".join(held_by), "seconds": seconds}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table, where any safeguard was removed."""
    lines: list[tuple[int, str, bool]] = []
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, []):
            for name, value in getattr(report, "user_properties", ()):
                if name == PROPERTY and isinstance(value, dict):
                    lines.append(
                        (value["number"], _line(value, held=outcome == "passed"), outcome == "passed")
                    )
    if not lines:
        return
    terminalreporter.section("safeguards, each removed once")
    terminalreporter.line(f"{'row or rule':{_WIDTHS[0]}} {'safeguard':{_WIDTHS[1]}} seconds  held by")
    for _, text, held in sorted(lines):
        terminalreporter.line(text, red=not held)
    held_count = sum(held for _, _, held in lines)
    terminalreporter.line(
        f"{len(lines)} safeguards removed in turn: {held_count} held by a test, {len(lines) - held_count} not"
    )


def _line(value: dict[str, object], *, held: bool) -> str:
    by = (
        str(value["held_by"]).removeprefix("tests/")
        if held
        else "NOT HELD; looked for in " + str(value["held_by"])
    )
    return f"{value['row']!s:{_WIDTHS[0]}} {value['name']!s:{_WIDTHS[1]}} {value['seconds']:7.1f}  {by}"
