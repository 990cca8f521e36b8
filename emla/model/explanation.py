"""What one word of the schemas stands for, as it is shown to a person or given to a program.

Here: the values alone. Not here: how a word is found (`formats.explain`).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleWords:
    """The words of one rule, whether it is written in Schematron or in Python."""

    id: str
    severity: str
    message: str
    remedy: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One line below an explanation: a child element, a code of a list."""

    name: str
    note: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What one name stands for."""

    kind: str
    name: str
    label: str
    """In the language asked for; empty where there are no labels."""
    definition: str
    source: str
    facts: tuple[tuple[str, str], ...]
    members: tuple[Member, ...]
