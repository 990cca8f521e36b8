"""What a check of `emla doctor` finds, and how it came out."""

from dataclasses import dataclass
from enum import StrEnum

from emla.model.errors import EmlaError


class Verdict(StrEnum):
    """How a check came out, from good to bad."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check: what was looked at, how it came out, what was found, and what to do (empty when nothing)."""

    name: str
    verdict: Verdict
    found: str
    remedy: str = ""


def ok(name: str, found: str) -> Check:
    """All is well."""
    return Check(name=name, verdict=Verdict.OK, found=found)


def warn(name: str, found: str, remedy: str) -> Check:
    """It works, and should be looked at."""
    return Check(name=name, verdict=Verdict.WARN, found=found, remedy=remedy)


def fail(name: str, found: str, remedy: str) -> Check:
    """It does not work."""
    return Check(name=name, verdict=Verdict.FAIL, found=found, remedy=remedy)


def of_error(name: str, error: EmlaError) -> Check:
    """What an error says, as a finding."""
    return fail(name, error.detail or error.entry.meaning, error.entry.remedy)
