"""What the dated data on instruments say, in the form in which the rules ask them.

Rule of this file: the data do not change while a process lives, so what was answered is kept; the same few pairs of States ask
day after day. At most `_KEPT_MAX` answers are.
"""

from datetime import date
from functools import lru_cache

from emla.formats.instruments import Instruments, place_of
from emla.model.codelist import CodeList
from emla.model.instrument import Answer, in_force

_GENERAL = (
    "ETS30", "EU-2000-CONV", "EIO", "EU-JP-2009", "EU-US-2003", "EU-UK-TCA-T8", "MERCOSUR-SAN-LUIS", "OAS-NASSAU",
    "ASEAN-MLAT-2004", "CIS-MINSK", "RIYADH-ARAB",
)  # fmt: skip
"""Treaties on mutual assistance in general."""
_BILATERAL = "MLAT-"
"""How the codes of bilateral treaties begin."""
_KEPT_MAX = 1024


class Treaties:
    """Answers `emla.rules.context.Treaties` from the files."""

    def __init__(self, instruments: Instruments, countries: CodeList) -> None:
        """Args: the instruments, and CL-COUNTRY, which says which territory belongs to which State."""
        self._instruments = instruments
        self._countries = countries
        self._kept_why_not = lru_cache(_KEPT_MAX)(self._why_not)
        self._kept_closer = lru_cache(_KEPT_MAX)(self._closer)

    def is_country(self, code: str) -> bool:
        """Whether CL-COUNTRY lists a code."""
        return code in self._countries.codes

    def why_not(self, instrument: str, one: tuple[str, str], other: tuple[str, str], on: date) -> str:
        """Why an instrument is not in force between two places; empty where it is, or is not recorded."""
        return self._kept_why_not(instrument, one, other, on)

    def closer(self, one: tuple[str, str], other: tuple[str, str], on: date) -> tuple[str, ...]:
        """The general treaties in force between two places."""
        return self._kept_closer(one, other, on)

    def _why_not(self, instrument: str, one: tuple[str, str], other: tuple[str, str], on: date) -> str:
        found = self._instruments.find(instrument)
        if found is None:
            return ""
        answer = in_force(found, place_of(*one, self._countries), place_of(*other, self._countries), on)
        return answer.reason if answer.answer is Answer.NO else ""

    def _closer(self, one: tuple[str, str], other: tuple[str, str], on: date) -> tuple[str, ...]:
        places = place_of(*one, self._countries), place_of(*other, self._countries)
        bilateral = (code for code in self._instruments.codes if code.startswith(_BILATERAL))
        found = ((code, self._instruments.find(code)) for code in (*_GENERAL, *bilateral))
        return tuple(
            code for code, each in found if each and in_force(each, *places, on).answer is Answer.YES
        )
