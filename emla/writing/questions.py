"""A question of the interview: what is asked, why, and which answers there are."""

from dataclasses import dataclass
from enum import Enum, auto

from emla.writing.answers import Answers, number_of, several


class Kind(Enum):
    """What a question asks for."""

    VALUE = auto()
    FILE = auto()
    GATE = auto()
    """Yes or no: whether something stands there."""
    FORM = auto()
    """Which of several forms."""
    COMPUTED = auto()
    """Nothing: the program fills it in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One of the answers a question offers."""

    code: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question, with all that is needed to ask and to explain it."""

    path: str
    section: int
    kind: Kind
    words: str
    """What is asked."""
    explanation: str = ""
    source: str = ""
    type_name: str = ""
    element: str = ""
    required: bool = True
    quiet: bool = False
    """Its default is taken without asking, where it has one."""
    multiple: bool = False
    elsewhere: bool = False
    """It names something in another message, so any id will do."""
    default: str = ""
    options: tuple[Option, ...] = ()
    """The answers there are; empty where any text of the type will do."""
    suggestions: tuple[Option, ...] = ()
    """Answers that are likely, where others are good as well."""

    def is_open(self, answers: Answers) -> bool:
        """Whether a person still has to answer it."""
        if self.kind is Kind.COMPUTED:
            return False
        if self.path in answers:
            # It was left out when nothing needed it; a later answer may have changed that.
            return (self.required and not answers[self.path]) or self._names_what_is_gone(answers)
        return not self.quiet or (self.required and not self.default)

    def _names_what_is_gone(self, answers: Answers) -> bool:
        """Whether it refers to a person or file that is no longer there."""
        known = {each.code for each in self.options}
        return bool(known) and not set(several(answers[self.path])) <= known


def reference(element: str, place: str) -> str:
    """The id within the message of a person, measure or file: ``P2`` for ``Person[2]``."""
    return f"{element[0]}{number_of(place)}" if place else ""
