"""In which order and in which alternatives elements stand: what a writer of messages must know beyond `schema_index.py`.

Here: `SchemaShape`, read once from the XSD files: the elements and choices of each type in order, and the words
beside each code.
Not here: deciding whether a document is valid (libxml2 does).

Rule of this file: our schemas use sequences, choices, elements and references, nothing else; anything else is a `ValueError`.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from emla.formats.schema_index import XS, Documentation
from emla.formats.xml import qualified_name

_DOCUMENTATION = re.compile(r"(?P<text>.*?)\s*Source: (?P<source>.*?)\.?$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Choice:
    """Alternatives, of which one stands; each is a run of elements by qualified name."""

    required: bool
    branches: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class SchemaShape:
    """The order of all types of one version folder, and its codes."""

    content: dict[str, tuple[str | Choice, ...]]
    """By qualified type name: element names and choices, in the order in which they must stand."""
    codes: dict[str, dict[str, Documentation]]
    """By qualified type name: each code with its words."""


def read_shape(folder: Path, parser: etree.XMLParser) -> SchemaShape:
    """Read all XSD files of one version folder.

    Args:
        folder: for example ``schemas/1.0``.
        parser: a parser without network and entities.
    """
    content: dict[str, tuple[str | Choice, ...]] = {}
    codes: dict[str, dict[str, Documentation]] = {}
    for path in sorted(folder.glob("*.xsd")):
        schema = etree.parse(path, parser).getroot()
        namespace = schema.get("targetNamespace", "")
        for type_ in schema.iterchildren(XS + "complexType"):
            sequence = type_.find(XS + "sequence")
            if sequence is not None:
                content[f"{{{namespace}}}{type_.get('name')}"] = _content(sequence, namespace)
        for simple in schema.iterchildren(XS + "simpleType"):
            listed = {
                one.get("value", ""): _documentation(one)
                for one in simple.iterfind(f"{XS}restriction/{XS}enumeration")
            }
            if listed:
                codes[f"{{{namespace}}}{simple.get('name')}"] = listed
    return SchemaShape(content=content, codes=codes)


def _content(sequence: etree._Element, namespace: str) -> tuple[str | Choice, ...]:
    found: list[str | Choice] = []
    for child in sequence.iterchildren("*"):
        if child.tag == XS + "choice":
            branches = tuple(_branch(one, namespace) for one in child.iterchildren("*"))
            found.append(Choice(child.get("minOccurs", "1") != "0", tuple(each for each in branches if each)))
        elif child.tag == XS + "element":
            found.append(_name(child, namespace))
        elif child.tag != XS + "annotation":
            raise ValueError(f"{qualified_name(child)} in a sequence")
    return tuple(found)


def _branch(branch: etree._Element, namespace: str) -> tuple[str, ...]:
    if branch.tag == XS + "element":
        return (_name(branch, namespace),)
    if branch.tag == XS + "sequence":
        return tuple(_name(each, namespace) for each in branch.iterchildren(XS + "element"))
    if branch.tag == XS + "annotation":
        return ()
    raise ValueError(f"{qualified_name(branch)} in a choice")


def _name(element: etree._Element, namespace: str) -> str:
    reference = element.get("ref")
    if reference is None:
        return f"{{{namespace}}}{element.get('name')}"
    prefix, _, local = reference.rpartition(":")
    return f"{{{element.nsmap.get(prefix or None, '')}}}{local}"


def _documentation(declaration: etree._Element) -> Documentation:
    words = declaration.find(f"{XS}annotation/{XS}documentation")
    text = " ".join("".join(words.itertext()).split()) if words is not None else ""
    parts = _DOCUMENTATION.match(text)
    return Documentation(text=parts["text"] if parts else text, source=parts["source"] if parts else "")
