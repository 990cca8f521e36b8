"""What follows a delivery: the case lives by the words of two officers, each said with `emla case act`, and is closed.

Everything here is done with the commands that an officer types; the demo only says which, and compares what both sides show.
"""

import asyncio
import os
import subprocess
import sys
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


async def run(server: DemoServer, *words: str, columns: int = 0) -> "subprocess.CompletedProcess[str]":
    """Run a command of an officer, without a terminal; what it prints is so many characters wide, where it is to be shown."""
    command = [sys.executable, "-m", "emla", *words, "--data", str(server.data)]
    return await asyncio.to_thread(
        subprocess.run,
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | ({"COLUMNS": str(columns)} if columns else {}),
    )


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
