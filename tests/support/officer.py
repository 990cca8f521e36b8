"""An officer who writes a request at a terminal: reads each question, types an answer, may be interrupted.

Only the line on which the answer is typed is waited for; no other output begins like it.
"""

import re
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pexpect

from tests.support.commands import start_emla
from tests.support.servers import ROOT

_PROMPT = r"\r\n> "
_CONFIRM = r"Write the request into [^?]*\? \[Y/n\]: "
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")

BASICS: Mapping[str, str] = {
    "Recipient: Authority id": "nl.moj",
    "Phone": "+31 70 555 0190",
    "Your own reference": "MOJ-2026-0418",
    "Treaty, law or arrangement": "BUD",
    "Article": "25; 31",
    "Proceeding type": "CRIMINAL_INVESTIGATION",
    "Stage": "Investigation against a known suspect",
    "conducting authority: Name": "Tokyo District Public Prosecutors Office",
    "Functions": "Investigates and prosecutes serious crime.",
    "National case number": "2026 (ken) 2281",
    "Qualification": "Computer fraud",
    "Crime category": "CYBER_FRAUD",
    "Statutory provisions": "Penal Code, Article 246-2.",
    "Death penalty possible": "no",
    "Committed from": "2026-03-01",
    "Fact summary: Paragraph": "With codes obtained by deceit the suspect moved money to accounts of straw men.",
    "Nexus to requested state": "The account of the last recipient is held in Amsterdam.",
    "Person role": "SUSPECT",
    "Person 1: which of these": "Natural",
    "Family name": "Al-Shammari الشمري",
    "target 1: which of these": "Item",
    "target 1: Item": "Whatever concerns the suspect",
    "Measure 1: Description": "Do what is asked, as far as your law allows.",
    "Nexus to facts": "The money was paid into it.",
    "Necessity statement": "Nothing milder shows where the money went.",
    "Available in own law": "yes",
    "Purpose": "To prove the offence before the Tokyo District Court.",
    "Urgency level": "ROUTINE",
    "Confidentiality level": "RESTRICTED",
    "Certification text": "The measure could be ordered in a similar domestic case.",
    "Necessity and proportionality": "yes",
    "Signing officer: Name": "Tomoko Hayase",
    "Signing officer: Post": "Director",
    "Signing place": "Tokyo",
}
"""What every request says; Enter answers what is not here."""


@dataclass
class Officer:
    """One officer with a state folder of his own."""

    data: Path
    folder: Path
    """Where he works; his state is below it."""
    screen: str = ""
    asked: list[str] = field(default_factory=list)

    def begin(self, *words: str, terminal: str = "dumb") -> "pexpect.spawn[str]":
        """Start `emla message new`, at a terminal of a certain kind."""
        environment = {
            "PYTHONPATH": str(ROOT),
            "HOME": str(self.folder),
            "XDG_STATE_HOME": str(self.folder / "state"),
            "TERM": terminal,
        }
        return start_emla(
            "message", "new", "--data", str(self.data), *words, environment=environment, folder=self.folder
        )

    def write(
        self, child: "pexpect.spawn[str]", answers: Mapping[str, str], *, kill_at: str = "", most: int = 400
    ) -> int:
        """Answer until it ends; returns the exit code.

        Args:
            child: the running program.
            answers: by a part of the question, on top of `BASICS`; the longest part that fits decides.
            kill_at: at this question the process is killed, as by a power cut.
            most: so many questions at most.
        """
        known = {**BASICS, **answers}
        for _ in range(most):
            found = child.expect([pexpect.EOF, _PROMPT, _CONFIRM])
            since = _CONTROL.sub("", child.before).replace("\r\n", "\n")
            self.screen += since
            if found == 0:
                child.close()
                return child.exitstatus if child.exitstatus is not None else -1
            if found == 2:
                child.sendline("y")
                continue
            question = since.rstrip().rpartition("\n")[2]
            self.asked.append(question)
            assert self.asked[-4:] != [question] * 4, self.screen[-2000:]
            if kill_at and kill_at in question:
                child.kill(signal.SIGKILL)
                child.expect(pexpect.EOF)
                child.close()
                return -signal.SIGKILL
            fitting = sorted((each for each in known if each in question), key=len)
            child.sendline(known[fitting[-1]] if fitting else "")
        raise AssertionError(f"it asks without end: {self.asked[-5:]}")
