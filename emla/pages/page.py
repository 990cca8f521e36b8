"""A message as a page: sections of labelled values, in the order of the document. What HTML and PDF are made of.

Here: reading a tree into a `Page`. Not here: how it looks (`html.py`, `typeset.py`).

Rules of this file:
- Every element of the document that holds text is on the page, also one the schema does not know: a page that leaves something
  out would be a way to hide it.
- Reading never fails on what a document holds; it decides nothing either. What is wrong with the message is handed in.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from lxml import etree

from emla.formats.schema_index import SchemaIndex
from emla.formats.schema_shape import SchemaShape
from emla.formats.xml import XmlDocument, local_name, qualified_name, text_of
from emla.model.findings import Finding
from emla.pages.words import code_label, label_of, size_words, visible

_COMMON = "{urn:emla:common:1}"
_BOOLEANS = {"true": "Yes", "1": "Yes", "false": "No", "0": "No"}
_EXACT = frozenset(
    {
        "Id128Type", "Sha256Type", "LocalIdType", "AuthorityIdType", "FileNameType", "MediaTypeType", "EmailType", "PhoneType",
        "IbanType", "ReferenceType", "SizeType", "LanguageType",
    }
)  # fmt: skip
"""Types of identifiers: every character counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One value as it is shown."""

    text: str
    note: str = ""
    """Beside it: the code behind a label, the person behind an id."""
    exact: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One label with its values, or with entries below it; never both."""

    label: str
    about: str = ""
    """What it is, in the words of the schema."""
    values: tuple[Value, ...] = ()
    entries: tuple["Entry", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A whole message."""

    kind: str
    """Its type in words, ``MLA request``."""
    title: str
    language: str
    """Of the message, BCP 47; ``und`` where it does not say."""
    issued_at: datetime | None
    """When it was issued; None where it does not say."""
    findings: tuple[Finding, ...]
    sections: tuple[Entry, ...]
    fingerprint: str
    """SHA-256 of the document, so that paper and file can be compared."""


def read_page(
    document: XmlDocument,
    *,
    index: SchemaIndex | None,
    shape: SchemaShape,
    findings: Sequence[Finding],
    fingerprint: str,
) -> Page:
    """Read a document into a page.

    Args:
        document: any document that passed the pre-pass.
        index: the words of its schema; None when no schema knows its root.
        shape: the codes.
        findings: what is wrong with it.
        fingerprint: SHA-256 of its bytes in hexadecimal.
    """
    root = document.root
    reader = _Reader(index, shape, root)
    language = visible(_find(root, "MessageHeader/Language") or "und", exact=True)
    reference = _find(root, "MessageHeader/RequestingReference")
    kind = label_of(local_name(root)[:80])
    return Page(
        kind=visible(kind, exact=True),
        title=visible(reference or _find(root, "MessageHeader/MessageId") or kind, exact=True),
        language=language,
        issued_at=_read_instant(_find(root, "MessageHeader/IssuedAt") or ""),
        findings=tuple(findings),
        sections=tuple(reader.entries(root)),
        fingerprint=fingerprint,
    )


def _find(root: etree._Element, path: str) -> str | None:
    found = root.find("/".join(_COMMON + step for step in path.split("/")))
    return text_of(found) if found is not None else None


class _Reader:
    """Turns elements into entries; knows the ids of this message, so that references are shown with what they name."""

    def __init__(self, index: SchemaIndex | None, shape: SchemaShape, root: etree._Element) -> None:
        self._index, self._shape = index, shape
        self._named = dict(_named(root))

    def entries(self, parent: etree._Element) -> Iterator[Entry]:
        """The entries of one element's children; equal names in a row share a label, or are numbered."""
        for _, run in groupby(parent.iterchildren("*"), key=qualified_name):
            run_of = list(run)
            if all(len(each) == 0 for each in run_of):
                yield self._simple(run_of)
            else:
                for number, element in enumerate(run_of, 1):
                    yield self._complex(element, number if len(run_of) > 1 else 0)

    def _label(self, element: etree._Element) -> tuple[str, str]:
        child = self._index.child_of(element) if self._index else None
        about = child.documentation.definition if child else ""
        return visible(label_of(local_name(element)[:80]), exact=True), about

    def _type(self, element: etree._Element) -> str:
        return (self._index.type_of(element) if self._index else None) or ""

    def _simple(self, run: Sequence[etree._Element]) -> Entry:
        label, about = self._label(run[0])
        return Entry(label=label, about=about, values=tuple(self._value(each) for each in run))

    def _complex(self, element: etree._Element, number: int) -> Entry:
        label, about = self._label(element)
        own = text_of(element) if not len(element) else _loose_text(element)
        below = list(self.entries(element))
        if own:
            below.insert(0, Entry(label="Text", values=(Value(text=visible(own)),)))
        return Entry(label=f"{label} {number}" if number else label, about=about, entries=tuple(below))

    def _value(self, element: etree._Element) -> Value:
        text = text_of(element)
        type_name = self._type(element)
        local = type_name.rpartition("}")[2]
        exact = local in _EXACT
        shown = visible(text, exact=exact)
        if type_name.endswith("}boolean"):
            return Value(text=_BOOLEANS.get(text, shown))
        if local == "InstantType":
            return Value(text=_instant(text) or shown)
        if local == "SizeType" and text.isascii() and text.isdigit() and len(text) <= 16:
            return Value(text=f"{shown} bytes", note=size_words(int(text)))
        label = code_label(self._shape, type_name, text)
        if label is not None:
            return Value(text=label, note=shown)
        declared_here = local_name(element) in ("PersonId", "AttachmentId", "MeasureId")
        note = self._named.get(text, "") if local == "LocalIdType" and not declared_here else ""
        return Value(text=shown, note=note, exact=exact)


def _loose_text(element: etree._Element) -> str:
    """Text that stands directly between elements, where the schema allows none."""
    pieces = [element.text or "", *(child.tail or "" for child in element)]
    return " ".join(" ".join(pieces).split())


def _read_instant(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text.endswith("Z") else None
    except ValueError:
        return None


def _instant(text: str) -> str:
    at = _read_instant(text)
    if at is None:
        return ""
    fraction = f".{at.microsecond:06d}".rstrip("0") if at.microsecond else ""
    return f"{at:%Y-%m-%d %H:%M:%S}{fraction} UTC"


def _named(root: etree._Element) -> Iterator[tuple[str, str]]:
    """What each id of this message names: the person, or the file."""
    for person in root.iterchildren(_COMMON + "Person"):
        identifier = person.findtext(_COMMON + "PersonId") or ""
        names = [
            text_of(each)
            for each in person.iter(
                *(_COMMON + tag for tag in ("FamilyName", "GivenNames", "Name", "Alias", "Description"))
            )
        ]
        yield identifier.strip(), visible(", ".join(names[:2])[:120])
    for attachment in root.iterchildren(_COMMON + "Attachment"):
        identifier = attachment.findtext(_COMMON + "AttachmentId") or ""
        yield identifier.strip(), visible(text_of_child(attachment, "FileName")[:200], exact=True)


def text_of_child(element: etree._Element, name: str) -> str:
    """The text of a child of the shared namespace; empty where there is none."""
    found = element.find(_COMMON + name)
    return text_of(found) if found is not None else ""
