"""Context: everything a rule may look at, and how it looks at the document.

Rules of this file:
- Frozen; what is not known is None, and a rule that needs it finds nothing.
- A path from the root is walked once for all rules: the same few elements are what most of them ask for.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from lxml import etree

from emla.formats.xml import XmlDocument, text_of
from emla.model.message import Message
from emla.model.terms import Terms

Place = tuple[str, str]
"""CountryCode and TerritoryCode of an authority; the second may be empty."""


class Treaties(Protocol):
    """What the dated data say of treaties."""

    def is_country(self, code: str) -> bool:
        """Whether a code is one of ISO 3166-1."""
        ...

    def why_not(self, instrument: str, one: Place, other: Place, on: date) -> str:
        """Why an instrument is not in force between two places on a day; empty where it is, or is not known."""
        ...

    def closer(self, one: Place, other: Place, on: date) -> tuple[str, ...]:
        """The treaties on mutual assistance in force between two States: they govern procedure before UNCAC, UNTOC and BUD."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One message, with what is known where it is checked."""

    document: XmlDocument
    message: Message
    terms: Terms
    instruments: Treaties | None = None
    _walked: dict[str, Sequence[etree._Element]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def day(self) -> date:
        """Today; where nobody said, the day on which the message was issued."""
        return self.terms.today or self.message.issued_at.date()

    def all(self, path: str, within: etree._Element | None = None) -> Sequence[etree._Element]:
        """Elements by a path of local names below the root: ``Measure/ElectronicDataBlock/Identifier``."""
        if within is None:
            if path not in self._walked:
                above, _, step = path.rpartition("/")
                self._walked[path] = _step(self.all(above) if above else (self.document.root,), step)
            return self._walked[path]
        elements: Sequence[etree._Element] = (within,)
        for step in path.split("/"):
            elements = _step(elements, step)
        return elements

    def first(self, path: str, within: etree._Element | None = None) -> etree._Element | None:
        """The first of them."""
        if within is not None and "/" not in path:
            return next(within.iterchildren("{*}" + path), None)
        found = self.all(path, within)
        return found[0] if found else None

    def text(self, path: str, within: etree._Element | None = None) -> str:
        """The text of the first of them; empty where there is none."""
        found = self.first(path, within)
        return "" if found is None else text_of(found)

    def says(self, path: str, within: etree._Element | None = None) -> bool:
        """Whether the first of them is true."""
        return self.text(path, within) in ("true", "1")


def _step(elements: Sequence[etree._Element], name: str) -> Sequence[etree._Element]:
    return [child for each in elements for child in each.iterchildren("{*}" + name)]


def read_day(text: str) -> date | None:
    """A date or the date of an instant; None where it is none."""
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None
