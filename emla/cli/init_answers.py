"""The questions of `emla init`: their words, defaults and what an acceptable answer is."""

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from emla.formats import patterns
from emla.model.errors import ConfigurationError

_TEXT_MAX = 256
NO_ENDPOINT = "none"
"""The answer of an authority that nobody can reach from outside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What `emla init` needs to know. Empty means: not said yet."""

    authority: str = ""
    name: str = ""
    language: str = ""
    country: str = ""
    endpoint: str = ""
    hub: str = ""
    telephone: str = ""
    email: str = ""
    time_zone: str = ""
    office_hours: str = ""

    def value(self, name: str) -> str:
        """The answer to one question."""
        value: str = getattr(self, name)
        return value

    @property
    def endpoint_url(self) -> str:
        """The address; empty when there is none."""
        return "" if self.endpoint == NO_ENDPOINT else self.endpoint

    @property
    def hubs(self) -> tuple[str, ...]:
        """The hubs, in the order in which peers are to try them."""
        return tuple(each.strip() for each in self.hub.split(",") if each.strip())

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages, the one of the name first."""
        return tuple(each.strip() for each in self.language.split(","))


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question. `complaint` says what is wrong with an answer that `accepts` does not take."""

    name: str
    words: str
    accepts: Callable[[str], bool]
    complaint: str
    default: Callable[[Answers], str] = lambda _: ""
    is_asked: Callable[[Answers], bool] = lambda _: True
    """Whether it needs an answer, given the others."""

    def problem(self, answer: str) -> str | None:
        """What is wrong with an answer, or None."""
        if len(answer) <= _TEXT_MAX and self.accepts(answer):
            return None
        return self.complaint

    @property
    def option(self) -> str:
        """The option that answers it."""
        return f"--{self.name.replace('_', '-')}"


def _is_endpoint(text: str) -> bool:
    if text == NO_ENDPOINT:
        return True
    try:
        split = urlsplit(text)
        return split.scheme == "https" and bool(split.hostname) and (split.port is None or split.port > 0)
    except ValueError:
        return False


def _are_hubs(text: str) -> bool:
    return all(patterns.AUTHORITY.fullmatch(each.strip()) for each in text.split(","))


def _are_languages(text: str) -> bool:
    return all(patterns.LANGUAGE.fullmatch(each.strip()) for each in text.split(","))


def _has_words(text: str) -> bool:
    return bool(text.strip()) and text.isprintable()


QUESTIONS = (
    Question(
        name="authority",
        words="Authority id (country first, for example nl.minjus)",
        accepts=lambda text: bool(patterns.AUTHORITY.fullmatch(text)),
        complaint="lower case with dots, country first, for example nl.minjus.",
    ),
    Question(name="name", words="Official name", accepts=_has_words, complaint="the name, on one line."),
    Question(
        name="language",
        words="Language of that name (several accepted languages with commas)",
        accepts=_are_languages,
        complaint="language tags such as en or pt-BR, with commas between them.",
        default=lambda _: "en",
    ),
    Question(
        name="country",
        words="Country (ISO 3166-1)",
        accepts=lambda text: bool(re.fullmatch(r"[A-Z]{2}", text, re.ASCII)),
        complaint="two capital letters, for example NL.",
        default=lambda given: given.authority[:2].upper(),
    ),
    Question(
        name="endpoint",
        words=f"Address at which other gateways reach this one ({NO_ENDPOINT}: only through a hub)",
        accepts=_is_endpoint,
        complaint=f"an https address, for example https://mla.example:8443, or {NO_ENDPOINT}.",
    ),
    Question(
        name="hub",
        words="Hubs that hold what is for it (ids, several with commas)",
        accepts=_are_hubs,
        complaint="ids of hubs such as hub.example, with commas between them.",
        is_asked=lambda given: given.endpoint == NO_ENDPOINT,
    ),
    Question(
        name="telephone",
        words="Telephone of the operators",
        accepts=lambda text: bool(re.fullmatch(r"\+?[0-9][0-9 ()./-]{3,40}", text, re.ASCII)),
        complaint="a telephone number, best with + and country code.",
    ),
    Question(
        name="email",
        words="E-mail for arrangements",
        accepts=lambda text: bool(re.fullmatch(r"[^@\s]+@[^@\s]+", text)),
        complaint="an e-mail address.",
    ),
    Question(
        name="time_zone",
        words="Time zone",
        accepts=lambda text: text == "UTC" or text in available_timezones(),
        complaint="an IANA name such as Europe/Amsterdam, or UTC.",
        default=lambda _: "UTC",
    ),
    Question(
        name="office_hours",
        words="Office hours, in words",
        accepts=_has_words,
        complaint="in words, for example Mon-Fri 9-17.",
        default=lambda _: "Mon-Fri 9-17",
    ),
)


def with_defaults(given: Answers) -> Answers:
    """The answers, with the defaults of the questions that have one."""
    for each in QUESTIONS:
        if not given.value(each.name):
            given = replace(given, **{each.name: each.default(given)})
    return given


def missing(given: Answers) -> tuple[Question, ...]:
    """The questions without an answer."""
    return tuple(each for each in QUESTIONS if each.is_asked(given) and not given.value(each.name))


def problems(given: Answers) -> list[str]:
    """What is wrong with the answers."""
    found = ((each, each.problem(given.value(each.name))) for each in QUESTIONS if given.value(each.name))
    return [f"{each.option}: {words}" for each, words in found if words]


def from_file(path: Path) -> Answers:
    """Read answers from a TOML file.

    Raises:
        ConfigurationError: ``unreadable-file``, or ``bad-setting`` with everything that is wrong.
    """
    try:
        members = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError("unreadable-file", f"{path}: {error.strerror}.") from error
    except ValueError as error:
        raise ConfigurationError("bad-setting", f"{path} is not TOML: {error}.") from error
    known = {each.name for each in fields(Answers)}
    problems = [f"{path}: there is no answer named {name}." for name in members if name not in known]
    problems += [
        f"{path}: {name} must be a text."
        for name in members
        if name in known and not isinstance(members[name], str)
    ]
    if problems:
        raise ConfigurationError("bad-setting", "\n".join(problems))
    return Answers(**members)
