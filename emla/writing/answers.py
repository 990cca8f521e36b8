"""Answers of a draft: a flat map from places in the document to what was typed. The names of the places, and how they nest.

    Measure[1]/BankBlock/Account[2]/Iban     a value
    Measure[1]/BankBlock/Account[2]?         whether there is a second account: yes or no
    Person[1]|                               which of several forms: the name of its first element
    Proceeding+                              whether rarely needed particulars are to be asked: yes or no

Rules of this file:
- An empty answer is an answer: it was asked and left out. What was not asked yet has none.
- Answers to questions that are no longer asked stay in the draft, so that changing one's mind twice loses nothing.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from emla.model.terms import Wishes

Answers = Mapping[str, str]

YES, NO = "yes", "no"
SEPARATOR = ";"
"""Between several values in one answer."""
_STEP = re.compile(r"(?P<name>[A-Za-z0-9]+)(?:\[(?P<number>[1-9][0-9]{0,3})\])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the writer knows without asking; comes in from outside, because it is read from documents and clocks."""

    today: str
    """The day in UTC, ``2026-06-15``."""
    sender: Mapping[str, str] = field(default_factory=dict)
    """Our own authority: answers relative to ``MessageHeader/Sender``."""
    peers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By authority id, answers relative to ``MessageHeader/Recipient``."""
    languages: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By authority id, the languages it accepts, as its profile says."""
    time_zones: frozenset[str] = frozenset()
    """Names of time zones; empty where the machine knows none."""
    wishes: Mapping[str, Wishes] = field(default_factory=dict)
    """By authority id, what it wants of requests, as its profile says."""

    def language_for(self, recipient: str) -> str:
        """The first language of ours that a recipient accepts, else its first."""
        theirs = self.languages.get(recipient, ())
        ours = self.languages.get(self.sender.get("AuthorityId", ""), ())
        both = [each for each in ours if each in theirs]
        return (both or list(theirs) or list(ours) or [""])[0]

    def wishes_of_recipient(self, answers: Answers) -> Wishes | None:
        """What the recipient wants; None where its profile is not known."""
        return self.wishes.get(answers.get("MessageHeader/Recipient/AuthorityId", ""))


def gate(path: str) -> str:
    """Where it is kept whether an element stands there."""
    return f"{path}?"


def form(path: str) -> str:
    """Where it is kept which of several forms an element has."""
    return f"{path}|"


def more(path: str) -> str:
    """Where it is kept whether rarely needed particulars are to be asked."""
    return f"{path}+"


def at(path: str, name: str) -> str:
    """The place of an element in another."""
    return f"{path}/{name}" if path else name


def steps(path: str) -> list[tuple[str, int]]:
    """The names and numbers of a place; a number of 0 where it has none.

    Raises:
        ValueError: that is not a place.
    """
    found = []
    for step in path.split("/"):
        parts = _STEP.fullmatch(step)
        if parts is None:
            raise ValueError(path)
        found.append((parts["name"], int(parts["number"] or 0)))
    return found


def number_of(path: str) -> int:
    """The number of the innermost numbered element of a place; 1 where there is none."""
    numbers = re.findall(r"\[([0-9]+)\]", path)
    return int(numbers[-1]) if numbers else 1


def parent_of(path: str) -> str:
    """The place an element stands in."""
    return path.rpartition("/")[0]


def several(answer: str) -> list[str]:
    """The values of one answer that may hold several."""
    return [each.strip() for each in answer.split(SEPARATOR) if each.strip()]
