"""`emla case accesses`: what is said of a holder that was asked, and which of its reports are saved."""

from datetime import UTC, datetime
from pathlib import Path

import click
import pytest

from emla.cli.case_accesses import _save, accesses, show_accesses
from emla.client.accesses import AccessesView, HolderView, ReportView

AT = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)


def found(*signed: bytes, code: str | None = None) -> AccessesView:
    """A holder that has signed these, about the same leaves."""
    reports = tuple(
        ReportView(received_at=AT, made_at=AT, epoch=1, first=0, end=12, signed=each) for each in signed
    )
    holder = HolderView(holder="de.bfj", code=code, detail="", accesses=(), reports=reports)
    return AccessesView(case_id="00" * 16, holders=(holder,))


def test_two_reports_about_the_same_leaves_are_both_saved_and_once(tmp_path: Path) -> None:
    for _ in range(2):
        with click.Context(accesses):
            _save(found(b"one", b"other"), tmp_path)
    assert sorted(each.read_bytes() for each in tmp_path.iterdir()) == [b"one", b"other"]


@pytest.mark.parametrize(
    ("code", "asked", "words"),
    [
        (None, True, "de.bfj, asked now: nobody"),
        (None, False, "de.bfj, as of 2026-11-03"),
        ("peer-unreachable", True, "de.bfj, as of 2026-11-03"),
    ],
)
def test_who_was_asked_and_said_nothing_new_stands_by_it_now(
    capsys: pytest.CaptureFixture[str], code: str | None, *, asked: bool, words: str
) -> None:
    show_accesses(found(b"one", code=code), asked=asked)
    assert words in capsys.readouterr().err
