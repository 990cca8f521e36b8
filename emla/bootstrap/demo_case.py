"""What follows a delivery: the case lives by the words of two officers, each said with `emla case act`, and is closed.

Everything here is done with the commands that an officer types; the demo only says which, and compares what both sides show.
"""

import asyncio
import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from emla.bootstrap.demo_servers import DemoServer
from emla.client.client import Client

_WAIT_SECONDS = 20
_SIGNED = {
    "jp.moj": ("Sato Haruka", "Senior prosecutor", "Tokyo"),
    "nl.moj": ("J. de Vries", "Head of the central authority", "The Hague"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One act: who says it, where the request stands afterwards, and the words of the command."""

    by: str
    state: str
    says: tuple[str, ...]


def course(log: Path) -> tuple[Word, ...]:
    """Receipt, a supplementary round, a decision in part, results, and the end of the case."""
    return (
        Word(by="nl.moj", state="RECEIVED", says=("confirm-receipt", "--reference", "AIRS-2026-3391")),
        Word(
            by="nl.moj",
            state="AWAITING_SUPPLEMENT",
            says=("ask", "--question", "What links the server to the phishing?", "--ground", "NEXUS"),
        ),
        Word(
            by="jp.moj",
            state="UNDER_REVIEW",
            says=("answer", "--question", "Q1=The capture of the victim bank names its address."),
        ),
        Word(
            by="nl.moj",
            state="IN_EXECUTION",
            says=(
                *("decide", "--measure", "M1=ACCEPTED", "--measure", "M2=REFUSED:DUAL_CRIMINALITY"),
                *(
                    "--reason",
                    "M2=The premises belong to a third party.",
                    "--no-consultation",
                    "It is urgent.",
                ),
            ),
        ),
        Word(
            by="nl.moj",
            state="RESULTS_SENT",
            says=(
                *(
                    "results",
                    "--measure",
                    "M1=EXECUTED_FULL",
                    "--final",
                    "--item",
                    "DATA=The log of the server",
                ),
                *("--holder", "National unit", "--attach", str(log)),
                *("--custody", "National unit; Ministry; 2026-08-10 09:15Z; Dispatch"),
            ),
        ),
        Word(by="jp.moj", state="RESULTS_RECEIVED", says=("confirm-results", "--verified", "yes")),
        Word(by="jp.moj", state="RESULTS_RECEIVED", says=("close",)),
        Word(by="nl.moj", state="CLOSED", says=("agree-to-close",)),
    )


async def run(server: DemoServer, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run a command of an officer, without a terminal."""
    return await asyncio.to_thread(
        subprocess.run,
        _command(server, *words),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def seen(server: DemoServer, *words: str, columns: int) -> list[str]:
    """The lines that an officer sees on a terminal that is so many characters wide."""
    ours, theirs = os.openpty()
    # A dumb terminal has no bold: what is seen here may go to a file.
    wide = os.environ | {"COLUMNS": str(columns), "LINES": "50", "TERM": "dumb", "NO_COLOR": "1"}
    with subprocess.Popen(
        _command(server, *words), stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs, env=wide
    ):
        os.close(theirs)
        shown = b""
        # A terminal that nobody holds any more ends with an error, not with nothing.
        with os.fdopen(ours, "rb", buffering=0) as terminal, suppress(OSError):
            while some := terminal.read(65536):
                shown += some
    return shown.decode().splitlines()


def _command(server: DemoServer, *words: str) -> list[str]:
    return [sys.executable, "-m", "emla", *words, "--data", str(server.data)]


async def say(server: DemoServer, case_id: str, word: Word) -> str:
    """Say it; what went wrong, or nothing."""
    name, post, place = _SIGNED[word.by]
    signed = (
        *("--signed-by", name, "--post", post, "--at", place),
        *("--confidentiality", "RESTRICTED", "--set", "Handling/ConfidentialityRequested=no"),
    )
    done = await run(server, "case", "act", case_id, *word.says, *signed, "--yes")
    return "" if done.returncode == 0 else done.stderr + done.stdout


async def stands(server: DemoServer, case_id: str, acts: int) -> tuple[str | None, str]:
    """The state of the request and the tag of the case, as soon as so many acts are there, or the patience is over."""
    async with Client(server.socket) as client:
        found = await client.case(case_id)
        while len(found.acts) < acts:
            seen = found.view
            found = await client.case(case_id, seen=seen, wait_seconds=_WAIT_SECONDS)
            if found.view == seen:
                break
    return (found.standings[0].request if found.standings else None), found.etag
