"""Code lists: the closed vocabularies of messages, with their words in six languages.

Here: the values alone. Not here: the files they come from (`formats.genericode`), and which code an element may
hold (the schema decides).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

LANGUAGES = ("en", "fr", "es", "ar", "ru", "zh")
"""The languages every label is given in: the official languages of the United Nations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeEntry:
    """One code of one list."""

    code: str
    labels: Mapping[str, str]
    """By language, one for each of `LANGUAGES`."""
    definition: str
    source: str
    valid_from: date
    valid_to: date | None
    """The last day of use; None while it is open."""
    verified: bool
    """Whether the source was read and the entry compared with it. A jurist should look at the others."""
    more: Mapping[str, str]
    """The columns that only this list has, for example ``coercive``; what has no value is not in it."""

    def label(self, language: str) -> str:
        """The label in a language, given as any BCP 47 tag; in English where the list has no other."""
        return self.labels.get(language.partition("-")[0].lower(), self.labels["en"])

    def valid_on(self, day: date) -> bool:
        """Whether the code may be used on a day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeList:
    """One list, its codes in the order of the file."""

    name: str
    """For example ``CL-MEASURE``."""
    version: str
    uri: str
    """Of this version, for example ``urn:emla:codes:measure:1``."""
    title: str
    codes: Mapping[str, CodeEntry]

    def find(self, code: str) -> CodeEntry | None:
        """One entry; None where the list does not have it."""
        return self.codes.get(code)
