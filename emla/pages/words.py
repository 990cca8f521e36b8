"""Names, codes and values of a message in words a person reads. Pure; English labels come from the names of the elements.

Rules of this file:
- What an author wrote is shown as it is, but for characters that hide or turn text: those are shown by number. Nothing is ever
  read as markup, here or later.
- A code is never shown by its label alone: the code stands beside it, because it is what binds.
"""

import re
import unicodedata

from emla.formats.schema_shape import SchemaShape
from emla.model.findings import Finding, Severity

SEVERITIES = {
    Severity.FATAL: "blocks",
    Severity.ERROR: "to be mended, or sent with a reason",
    Severity.WARNING: "warning",
    Severity.INFO: "note",
}
"""How much a finding weighs at the sender, in the words of a page."""
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z]*|[a-z]+|[0-9]+")
_MEANT = frozenset("\u200c\u200d")
"""Joiners, which Persian and several Indian scripts need to be spelt right."""
_UNITS = ("KiB", "MiB", "GiB", "TiB", "PiB", "EiB")
_MARKS = frozenset("\u200e\u200f\u061c")
"""Marks of direction, which right-to-left texts hold at their edges; they turn nothing around."""
_RIGHT_TO_LEFT = frozenset({"R", "AL"})
_ABBREVIATIONS = frozenset({"JIT", "MLA"})
_OWN = {"Sha256": "SHA-256", "BranchOrBic": "Branch or BIC", "Iban": "IBAN"}


def label_of(name: str) -> str:
    """An element's name as words: ``WhyNotInPerson`` -> ``Why not in person``."""
    if name in _OWN:
        return _OWN[name]
    words = [
        word if word in _ABBREVIATIONS or (len(word) > 1 and word.isupper()) else word.lower()
        for word in _WORDS.findall(name)
    ]
    text = " ".join(words) or name
    return text[0].upper() + text[1:]


def words_of(finding: Finding) -> str:
    """What is wrong, and how to mend it."""
    return f"{finding.message} {finding.remedy}".strip()


def visible(text: str, *, exact: bool = False) -> str:
    """A text in which nothing is hidden: controls, overrides and embeddings of direction are shown as ``⟨U+202E⟩``.

    Args:
        text: what the author wrote.
        exact: for identifiers and names of files, where a mark of direction or a joiner is out of place as well.
    """
    kept = frozenset() if exact else _MEANT | _MARKS
    return "".join(
        each if each in kept or unicodedata.category(each) not in _HIDDEN else f"⟨U+{ord(each):04X}⟩"
        for each in text
    )


_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def runs_right_to_left(text: str) -> bool:
    """Whether a text's first letter with a direction runs right to left (UAX 9, rule P2)."""
    for each in text:
        kind = unicodedata.bidirectional(each)
        if kind in _RIGHT_TO_LEFT:
            return True
        if kind == "L":
            return False
    return False


def code_label(shape: SchemaShape, type_name: str, code: str) -> str | None:
    """What a code means in a few words; None when the type has no codes or not this one."""
    words = shape.words(type_name, code)
    return words.definition if words is not None and words.definition else None


def size_words(size_bytes: int) -> str:
    """A size for people, beside the exact number of bytes: ``20.0 MiB``; empty below 1 KiB."""
    power = min((size_bytes.bit_length() - 1) // 10, len(_UNITS)) if size_bytes else 0
    return f"{size_bytes / 1024**power:.1f} {_UNITS[power - 1]}" if power else ""
