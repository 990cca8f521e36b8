"""A script: what the interview asks of one kind of message, and what is known of it before anybody is asked.

Here: `Script`, and that of a request. Not here: the scripts of the other messages (`act_script`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from emla.writing.order import MORE_OFTEN, SECTIONS
from emla.writing.plan import RULES, Rule
from emla.writing.questions import Option

_NO_RULE = Rule()
_NUMBER = re.compile(r"\[[0-9]+\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What to ask."""

    sections: tuple[tuple[str, tuple[str, ...]], ...]
    """The order: names of sections, each with the elements that are asked in it; the empty name is all that no section names."""
    rules: Mapping[tuple[str, str], Rule]
    """By the local names of a type and of an element in it; without a type, for the element wherever no row names one."""
    subject: str
    """What is being written, in words: ``the request``."""
    more_often: frozenset[str] = frozenset()
    """Types whose rarely needed particulars are offered in passing."""
    known: Mapping[str, str] = field(default_factory=dict)
    """Defaults by place; a place without numbers stands for all of that name. For a gate, whether it stands open."""
    choices: Mapping[str, tuple[Option, ...]] = field(default_factory=dict)
    """The answers there are, by place without numbers, where the case decides and not the schema."""
    elsewhere: frozenset[str] = frozenset()
    """Elements that name something in another message."""

    def rule_for(self, type_name: str, element: str) -> Rule:
        """The rule of an element, by the local names of its parent's type and its own."""
        return self.rules.get((type_name, element)) or self.rules.get(("", element), _NO_RULE)


def plain(place: str) -> str:
    """A place without its numbers."""
    return _NUMBER.sub("", place)


REQUEST = Script(sections=SECTIONS, rules=RULES, subject="the request", more_often=MORE_OFTEN)
"""A request for assistance."""
