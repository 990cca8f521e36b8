"""What of a document a sentence may quote: values and names of elements, short, with nothing in them that hides or turns text.

Rule of this file: a finding is read in terminals, on pages, in logs and by programs. Whoever wrote the document chose these
letters, so what moves a cursor, hides a letter or turns the line around is replaced before it stands in any sentence or path.
"""

import unicodedata

from lxml import etree

VALUE_CHARACTERS_MAX = 80
NAME_CHARACTERS_MAX = 60
"""An element's name may have 50,000 characters, and every finding below it would repeat them."""
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_MEANT = frozenset("\u200c\u200d")
"""Joiners, which Persian and several Indian scripts need to be spelt right."""


def shown(value: str, most: int = VALUE_CHARACTERS_MAX) -> str:
    """A value as a sentence may quote it: on one line, and cut after `most` characters."""
    text = " ".join(value[: 8 * most].split())
    cut = text if len(text) <= most else f"{text[:most]}…"
    return cut if cut.isascii() and cut.isprintable() else "".join(map(_visible, cut))


def shown_name(element: etree._Element) -> str:
    """An element's name, without its namespace, as a sentence or path may hold it."""
    name = str(element.tag).rpartition("}")[2]
    return name if name.isascii() and len(name) <= NAME_CHARACTERS_MAX else shown(name, NAME_CHARACTERS_MAX)


def _visible(character: str) -> str:
    return character if character in _MEANT or unicodedata.category(character) not in _HIDDEN else "?"
