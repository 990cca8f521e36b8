"""Plain sentences for what the schema finds wrong with one value, attribute or text.

Here: libxml2's error types turned into a stable rule id and one sentence that says what is wrong and what to
write instead. Not here: errors in the order and number of elements, which need the neighbourhood
(`schema.py`).

Rules of this file:
- A sentence names the element as it is written in the file, quotes at most 60 characters of what was found,
  and ends in what to do.
- libxml2's own wording is shown only where an error type is not in the table (rule ``XSD-other``).
"""

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass

from lxml import etree

from emla.formats.quoting import shown, shown_name
from emla.formats.schema_index import SchemaIndex, SimpleType
from emla.formats.xml import text_of

CODES_LISTED_MAX = 12
_QUOTED_MAX = 60
_XS = "{http://www.w3.org/2001/XMLSchema}"
_BRACED = re.compile(r"\{[^}]*\}")
_NAMED_ATTRIBUTE = re.compile(r"attribute '(?P<name>[^']*)'")
_BUILT_IN = {
    "date": "a calendar date; write year-month-day, for example 2026-06-15",
    "dateTime": "a point in time; write it in UTC, for example 2026-06-15T08:30:00Z",
    "boolean": "yes or no; write true or false",
    "decimal": "a number; write digits with a point, for example 12.5",
    "positiveInteger": "a whole number from 1; write digits only",
    "nonNegativeInteger": "a whole number from 0; write digits only",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One schema error about an element, with all that a sentence needs."""

    element: etree._Element
    simple_type: SimpleType | None
    built_in: str
    """The built-in type the value rests on, ``date`` for example; empty where the element holds elements."""
    raw: str
    """libxml2's own message."""

    @property
    def name(self) -> str:
        """The element's name as written, without prefix."""
        return shown_name(self.element)

    @property
    def value(self) -> str:
        """The element's text with white space collapsed, as the schema sees it."""
        return text_of(self.element)


def describe(
    element: etree._Element, type_name: str | None, error_type: str, raw: str, index: SchemaIndex
) -> tuple[str, str]:
    """Say in one sentence what is wrong with an element.

    Args:
        element: where the error is.
        type_name: the element's qualified type, None if the schema does not know it.
        error_type: libxml2's name of the error, for example ``SCHEMAV_CVC_PATTERN_VALID``.
        raw: libxml2's message.
        index: the schema's own words.

    Returns:
        Rule id and sentence.
    """
    simple_type = index.simple_types.get(type_name or "")
    base = simple_type.base if simple_type else type_name or ""
    built_in = base.removeprefix(_XS) if base.startswith(_XS) else ""
    error = Fault(element=element, simple_type=simple_type, built_in=built_in, raw=raw)
    rule, sentence = _SENTENCES.get(error_type, ("XSD-other", _as_it_is))
    if rule in _ABOUT_VALUES and not error.value:
        return (
            "XSD-empty",
            f"{error.name} is empty; fill it in, or leave the whole element out if it is not required.",
        )
    return rule, sentence(error)


def _quoted(value: str) -> str:
    return f"“{shown(value, _QUOTED_MAX)}”"


def _pattern(error: Fault) -> str:
    form = error.simple_type.form if error.simple_type else ""
    return (
        f"{_quoted(error.value)} does not have the form that {error.name} needs: {form or 'see the schema'}."
    )


def _enumeration(error: Fault) -> str:
    codes = error.simple_type.codes if error.simple_type else ()
    begin = f"{_quoted(error.value)} is not a code for {error.name}"
    if len(codes) <= CODES_LISTED_MAX:
        return f"{begin}; allowed are {', '.join(codes)}."
    near = difflib.get_close_matches(error.value[:60].upper(), codes, n=3, cutoff=0.4)
    hint = f"; did you mean {' or '.join(near)}?" if near else "."
    return f"{begin}; the schema lists {len(codes)} codes{hint}"


def _too_short(error: Fault) -> str:
    return f"{error.name} is too short."


def _too_long(error: Fault) -> str:
    allowed = error.simple_type.facets.get("maxLength", "fewer") if error.simple_type else "fewer"
    return f"{error.name} has {len(error.value)} characters; at most {allowed} are allowed."


def _datatype(error: Fault) -> str:
    kind = _BUILT_IN.get(error.built_in, "a value of the kind needed here")
    return f"{_quoted(error.value)} in {error.name} is not {kind}."


def _range(error: Fault) -> str:
    facets = error.simple_type.facets if error.simple_type else {}
    words = {
        "minInclusive": "at least",
        "maxInclusive": "at most",
        "totalDigits": "digits in all:",
        "fractionDigits": "decimals:",
    }
    bounds = ", ".join(f"{words[name]} {value}" for name, value in facets.items() if name in words)
    return f"The number {_quoted(error.value)} in {error.name} is out of range ({bounds})."


def _attribute(error: Fault) -> str:
    found = _NAMED_ATTRIBUTE.search(error.raw)
    which = f"the attribute {shown(_BRACED.sub('', found['name']), _QUOTED_MAX)}" if found else "an attribute"
    return f"{error.name} has {which}, which is not allowed here; take it out."


def _text_between(error: Fault) -> str:
    return f"Text stands directly in {error.name}, where only elements belong; put it into one of them."


def _elements_in_value(error: Fault) -> str:
    return f"{error.name} holds elements, but only text belongs there."


def _reference(error: Fault) -> str:
    if "key-sequence" in error.raw and "No match" in error.raw:
        return f"{error.name} names {_quoted(error.value)}, but nothing in this message bears that id."
    return f"{error.name} gives an id a second time that must be unique in this message."


def _as_it_is(error: Fault) -> str:
    return shown(_BRACED.sub("", error.raw), 300)


_Sentence = Callable[[Fault], str]
_SENTENCES: dict[str, tuple[str, _Sentence]] = {
    "SCHEMAV_CVC_PATTERN_VALID": ("XSD-pattern", _pattern),
    "SCHEMAV_CVC_ENUMERATION_VALID": ("XSD-enumeration", _enumeration),
    "SCHEMAV_CVC_MINLENGTH_VALID": ("XSD-too-short", _too_short),
    "SCHEMAV_CVC_MAXLENGTH_VALID": ("XSD-too-long", _too_long),
    "SCHEMAV_CVC_DATATYPE_VALID_1_2_1": ("XSD-datatype", _datatype),
    "SCHEMAV_CVC_MININCLUSIVE_VALID": ("XSD-range", _range),
    "SCHEMAV_CVC_MAXINCLUSIVE_VALID": ("XSD-range", _range),
    "SCHEMAV_CVC_TOTALDIGITS_VALID": ("XSD-range", _range),
    "SCHEMAV_CVC_FRACTIONDIGITS_VALID": ("XSD-range", _range),
    "SCHEMAV_CVC_COMPLEX_TYPE_3_2_1": ("XSD-attribute", _attribute),
    "SCHEMAV_CVC_COMPLEX_TYPE_3_2_2": ("XSD-attribute", _attribute),
    "SCHEMAV_CVC_TYPE_3_1_1": ("XSD-attribute", _attribute),
    "SCHEMAV_CVC_COMPLEX_TYPE_2_3": ("XSD-text-between", _text_between),
    "SCHEMAV_CVC_TYPE_3_1_2": ("XSD-elements-in-value", _elements_in_value),
    "SCHEMAV_CVC_IDC": ("XSD-reference", _reference),
}
_ABOUT_VALUES = {"XSD-pattern", "XSD-enumeration", "XSD-too-short", "XSD-datatype"}
