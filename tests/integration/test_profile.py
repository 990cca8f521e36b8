"""`emla profile set` between two running gateways: what one authority wants is what the other's officers are told."""

import time
from pathlib import Path

import pytest

from tests.support.authorities import derived
from tests.support.cli import Outcome, emla
from tests.support.messages import make_template
from tests.support.servers import Server, running

AT, DE = "at.moj", "de.bfj"
pytestmark = pytest.mark.xdist_group("keys-running")


def shown_at(server: Server, wanted: str) -> Outcome:
    """What a gateway shows of its peer, as soon as it says what is wanted; at most 30 seconds later."""
    end = time.monotonic() + 30
    while True:
        outcome = emla("peer", "show", DE, "--data", server.data)
        if wanted in outcome.out or time.monotonic() > end:
            return outcome
        time.sleep(0.02)


def test_an_operator_says_what_is_wanted_and_a_peer_s_officer_is_told(tmp_path: Path) -> None:
    request = tmp_path / "request.xml"
    template = make_template(sender=AT, recipient=DE, attachment=b"annex")
    request.write_bytes(template.fill(derived("message", length=16), derived("case", length=16)))
    with running(tmp_path, AT, DE) as (at, de):
        check = ("message", "check", request, "--for", DE, "--data", at.data)
        assert emla(*check).code == 0
        words = (
            *("profile", "set", "--document", "ESD_ACCESS=AFFIDAVIT", "--electronic", "original-follows"),
            *("--contact", "poc247=+49 228 99 410", "--data", de.data),
        )
        planned = emla(*words, "--dry-run", "--json").document
        assert (planned["version"], planned["published"]) == (1, False)
        assert emla(*words).code == 2, "without a terminal, only with --yes"
        done = emla(*words, "--yes")
        assert (done.code, "Profile version 2 is published" in done.out) == (0, True)
        assert "says so already" in emla(*words, "--yes").err
        seen = shown_at(at, "ESD_ACCESS")
        for row in ("With ESD_ACCESS", "AFFIDAVIT", "the original must follow on paper", "+49 228 99 410"):
            assert row in seen.out
        told = emla(*check)
        assert (told.code, "PR-002" in told.out) == (3, True)
        own = emla("profile", "show", "--json", "--data", de.data).document
        assert own["version"] == 2
        assert "With ESD_ACCESS" in emla("profile", "show", "--data", de.data).out
        wrong = emla("profile", "set", "--document", "ESD_ACCESS=AFIDAVIT", "--yes", "--data", de.data)
        assert (wrong.code, "AFFIDAVIT" in wrong.err) == (2, True)
        assert emla("profile", "set", "--yes", "--data", de.data).code == 2
        # Days off are the same kind of word; what is counted by them is asked of a server that runs, too.
        assert emla("profile", "set", "--holiday", "2026-12-25", "--yes", "--data", de.data).code == 0
        assert "25 Dec" in shown_at(at, "25 Dec").out
        assert emla("case", "list", "--overdue", "--json", "--data", at.data).document == {
            "items": [],
            "more": False,
        }
        numbers = emla("stats", "--year", "2026", "--json", "--data", at.data).document
        assert (numbers["authority"], numbers["year"]) == (AT, 2026)
