"""What the options of `emla profile set` change in a profile: words as typed -> the next profile, or what is wrong with them.

Rules of this file:
- Codes are those of the code lists in use today; a typing error would ask for something that nobody can attach.
- The word ``none`` takes back what was said. What no option names stays as it is.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from difflib import get_close_matches
from typing import TypeVar

import click

from emla.cli.init_answers import QUESTIONS
from emla.formats.genericode import CodeLists
from emla.formats.patterns import LANGUAGE
from emla.model.documents import Profile
from emla.model.requirements import REPLY_DAYS_MAX, SERVICE_DAYS_MAX, Requirements, Sum
from emla.model.working_days import HOLIDAYS_MAX, WEEKDAYS, WorkingDays

NONE = "none"
HOLIDAY_YEARS = 5
_QUESTIONS = {each.name: each for each in QUESTIONS}
_SUM = re.compile(r"(?P<amount>[1-9][0-9]{0,14}) +(?P<currency>[A-Za-z]{3})", re.ASCII)
_CONTACT = re.compile(r"[a-z0-9]{2,20}", re.ASCII)
_ASKED_AS = {"telephone": "telephone", "poc247": "telephone", "email": "email"}
"""Kinds of contacts that are checked like an answer of `emla init`."""
_TRUTH = {"yes": True, "no": False, NONE: None}
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Edits:
    """What the options say, as typed; empty: nothing about it."""

    names: tuple[str, ...] = ()
    contacts: tuple[str, ...] = ()
    office_hours: str = ""
    time_zone: str = ""
    languages: tuple[str, ...] = ()
    electronic: str = ""
    urgent_languages: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    de_minimis: str = ""
    service_days: str = ""
    reply_days: str = ""
    informs_subjects: str = ""
    rest_days: tuple[str, ...] = ()
    holidays: tuple[str, ...] = ()


def edited(profile: Profile, edits: Edits, lists: CodeLists, today: date) -> Profile:
    """The profile with what the options change.

    Raises:
        click.UsageError: a word that cannot stand there; which, and what could.
    """
    return replace(
        profile,
        names=tuple(_pairs(profile.names, edits.names, "--name", _name).items()),
        contacts=tuple(_pairs(profile.contacts, edits.contacts, "--contact", _contact).items()),
        office_hours=_answer("office_hours", edits.office_hours) or profile.office_hours,
        time_zone=_answer("time_zone", edits.time_zone) or profile.time_zone,
        languages=_languages(edits.languages, "--language") or profile.languages,
        electronic_acceptance=edits.electronic or profile.electronic_acceptance,
        requirements=_requirements(profile.requirements, edits, lists, today),
        working_days=WorkingDays(
            rest_days=_rest_days(edits.rest_days) if edits.rest_days else profile.working_days.rest_days,
            holidays=_holidays(profile.working_days.holidays, edits.holidays, today),
        ),
    )


def _rest_days(words: tuple[str, ...]) -> tuple[str, ...]:
    if words == (NONE,):
        return ()
    said = {each.strip().lower() for each in words}
    if wrong := said - set(WEEKDAYS):
        raise click.UsageError(f"--rest-day {min(wrong)}: one of {', '.join(WEEKDAYS)}, or {NONE}.")
    if len(said) == len(WEEKDAYS):
        raise click.UsageError("--rest-day: a week has at least one working day.")
    return tuple(each for each in WEEKDAYS if each in said)


def _holidays(before: tuple[date, ...], words: tuple[str, ...], today: date) -> tuple[date, ...]:
    """With those that are added, without those of years that are over for long: no limit is counted by them any more."""
    if not words:
        return before
    if words == (NONE,):
        return ()
    found = set(before)
    for each in words:
        try:
            day = date.fromisoformat(each.strip())
        except ValueError:
            raise click.UsageError(f"--holiday {each}: a date such as 2026-12-25, or {NONE}.") from None
        if abs(day.year - today.year) > HOLIDAY_YEARS:
            raise click.UsageError(f"--holiday {each}: not more than {HOLIDAY_YEARS} years away.")
        found.add(day)
    kept = sorted(each for each in found if each.year >= today.year - HOLIDAY_YEARS)
    if len(kept) > HOLIDAYS_MAX:
        raise click.UsageError(f"--holiday: at most {HOLIDAYS_MAX} can be listed.")
    return tuple(kept)


def _requirements(before: Requirements, edits: Edits, lists: CodeLists, today: date) -> Requirements:
    def documents(measure: str, words: str) -> tuple[str, ...]:
        _code(measure, "CL-MEASURE", lists, today)
        found = tuple(dict.fromkeys(each.strip() for each in words.split(",")))
        for each in found:
            _code(each, "CL-DOCTYPE", lists, today)
        return found

    def least(words: str) -> Sum:
        said = _SUM.fullmatch(words.strip())
        if said is None:
            raise click.UsageError(f"'{words}' is no sum in whole units such as \"500 EUR\".")
        _code(said["currency"], "CL-CURRENCY", lists, today)
        return Sum(amount=int(said["amount"]), currency=said["currency"])

    urgent = edits.urgent_languages
    return Requirements(
        urgent_languages=(() if urgent == (NONE,) else _languages(urgent, "--urgent-language"))
        if urgent
        else before.urgent_languages,
        documents=tuple(_pairs(before.documents, edits.documents, "--document", documents).items()),
        de_minimis=_said(edits.de_minimis, before.de_minimis, least),
        service_days=_said(
            edits.service_days, before.service_days, _days("--service-days", SERVICE_DAYS_MAX)
        ),
        reply_days=_said(edits.reply_days, before.reply_days, _days("--reply-days", REPLY_DAYS_MAX)),
        informs_subjects=_TRUTH[edits.informs_subjects]
        if edits.informs_subjects
        else before.informs_subjects,
    )


def _said(words: str, before: T | None, read: Callable[[str], T]) -> T | None:
    if not words:
        return before
    return None if words == NONE else read(words)


def _pairs(
    before: Iterable[tuple[str, T]], given: tuple[str, ...], option: str, read: Callable[[str, str], T]
) -> Mapping[str, T]:
    """What was said by its key, with what is typed as KEY=WORDS in its place; in the order in which it was first said."""
    found = dict(before)
    for each in given:
        key, equals, words = each.partition("=")
        key, words = key.strip(), words.strip()
        if not equals or not key or not words:
            raise click.UsageError(f"{option} {each}: write a key, an equals sign and what is said.")
        if words == NONE:
            found.pop(key, None)
        else:
            found[key] = read(key, words)
    return found


def _name(language: str, name: str) -> str:
    _languages((language,), "--name")
    return _answer("name", name)


def _contact(kind: str, value: str) -> str:
    if not _CONTACT.fullmatch(kind):
        raise click.UsageError(f"'{kind}' is no kind of contact, such as telephone, email, post or poc247.")
    return _answer(_ASKED_AS[kind], value) if kind in _ASKED_AS else value


def _answer(question: str, words: str) -> str:
    """An answer as `emla init` takes it; empty where nothing was said."""
    asked = _QUESTIONS[question]
    if words and (problem := asked.problem(words)):
        raise click.UsageError(f"'{words}': {problem}")
    return words


def _languages(tags: tuple[str, ...], option: str) -> tuple[str, ...]:
    if wrong := [each for each in tags if not LANGUAGE.fullmatch(each)]:
        raise click.UsageError(f"{option} {wrong[0]}: a language tag such as en or pt-BR.")
    return tuple(dict.fromkeys(tags))


def _days(option: str, most: int) -> Callable[[str], int]:
    def read(words: str) -> int:
        if not re.fullmatch(r"[1-9][0-9]{0,3}", words, re.ASCII) or int(words) > most:
            raise click.UsageError(f"{option} {words}: 1 to {most} days, or {NONE}.")
        return int(words)

    return read


def _code(code: str, name: str, lists: CodeLists, today: date) -> None:
    codes = lists.get(name).codes
    if code in codes and codes[code].valid_on(today):
        return
    near = get_close_matches(code.upper(), list(codes), n=3, cutoff=0.5)
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    raise click.UsageError(f"'{code}' is no code of {name}.{hint} `emla schema list {name}` shows them all.")
