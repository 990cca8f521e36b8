"""What the schema files say in words: definitions, sources, codes, and which element may stand in which.

Here: `SchemaIndex`, read once from the XSD files. It explains; it never decides whether a document is valid
(libxml2 does). Not here: running the schema (`schema.py`), sentences for people (`schema_sentences.py`).

Rules of this file:
- Every ``xs:documentation`` ends with ``Source: ...``; a simple type with a pattern says its form in words as
  ``Form: ...``.
- One element name has one type in all files, and types are named, never anonymous; a test holds the schemas
  to it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from emla.formats.xml import qualified_name

XS = "{http://www.w3.org/2001/XMLSchema}"
_DOCUMENTATION = re.compile(r"(?P<text>.*?)\s*Source: (?P<source>.*?)\.?$", re.DOTALL)
_FORM = re.compile(r"Form: (?P<form>.*)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Documentation:
    """The words beside one declaration."""

    text: str
    source: str

    @property
    def definition(self) -> str:
        """The first sentence: what the thing is."""
        return self.text.partition(". ")[0].rstrip(".")


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """An element as it may stand inside one type."""

    name: str
    """Qualified: ``{namespace}LocalName``."""
    type_name: str
    required: bool
    repeatable: bool
    in_choice: bool
    documentation: Documentation


@dataclass(frozen=True, slots=True, kw_only=True)
class SimpleType:
    """A type of values."""

    base: str
    form: str
    codes: tuple[str, ...]
    facets: dict[str, str]
    documentation: Documentation


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaIndex:
    """All declarations of one version folder, by qualified name."""

    elements: dict[str, Child]
    complex_types: dict[str, dict[str, Child]]
    simple_types: dict[str, SimpleType]
    entry_files: dict[str, Path]
    """For each namespace the file that declares its global elements and includes all the rest."""

    def message_roots(self) -> Iterator[str]:
        """The global elements that are messages: those that begin with a MessageHeader."""
        for name, element in self.elements.items():
            children = list(self.complex_types.get(element.type_name, {}))
            if children and children[0].endswith("}MessageHeader"):
                yield name

    def type_of(self, element: etree._Element) -> str | None:
        """The type an element of a document has by its place; None where the schema does not know it."""
        chain = [element, *element.iterancestors()]
        declared = self.elements.get(qualified_name(chain[-1]))
        for step in reversed(chain[:-1]):
            if declared is None:
                return None
            declared = self.complex_types.get(declared.type_name, {}).get(qualified_name(step))
        return declared.type_name if declared is not None else None

    def child_of(self, element: etree._Element) -> Child | None:
        """The declaration an element has in its parent's type; for the root its global declaration."""
        parent = element.getparent()
        if parent is None:
            return self.elements.get(qualified_name(element))
        return self.complex_types.get(self.type_of(parent) or "", {}).get(qualified_name(element))


def read_index(folder: Path, parser: etree.XMLParser) -> SchemaIndex:
    """Read all XSD files of one version folder.

    Args:
        folder: for example ``schemas/1.0``.
        parser: a parser without network and entities.
    """
    files = {path: etree.parse(path, parser).getroot() for path in sorted(folder.glob("*.xsd"))}
    schemas = files.values()
    entry_files = {
        schema.get("targetNamespace", ""): path
        for path, schema in files.items()
        if schema.find(XS + "element") is not None
    }
    globals_: dict[str, tuple[str, Documentation]] = {}
    simple_types: dict[str, SimpleType] = {}
    for schema in schemas:
        namespace = schema.get("targetNamespace", "")
        for element in schema.iterchildren(XS + "element"):
            globals_[f"{{{namespace}}}{element.get('name')}"] = (
                _resolve(element, "type"),
                _documentation(element),
            )
        for simple in schema.iterchildren(XS + "simpleType"):
            simple_types[f"{{{namespace}}}{simple.get('name')}"] = _simple_type(simple)
    complex_types: dict[str, dict[str, Child]] = {}
    for schema in schemas:
        namespace = schema.get("targetNamespace", "")
        for type_ in schema.iterchildren(XS + "complexType"):
            children = (_child(element, namespace, globals_) for element in type_.iter(XS + "element"))
            complex_types[f"{{{namespace}}}{type_.get('name')}"] = {child.name: child for child in children}
    elements = {
        name: Child(
            name=name,
            type_name=type_name,
            required=True,
            repeatable=False,
            in_choice=False,
            documentation=documentation,
        )
        for name, (type_name, documentation) in globals_.items()
    }
    return SchemaIndex(
        elements=elements, complex_types=complex_types, simple_types=simple_types, entry_files=entry_files
    )


def _child(element: etree._Element, namespace: str, globals_: dict[str, tuple[str, Documentation]]) -> Child:
    documentation = _documentation(element)
    if element.get("ref") is not None:
        name = _resolve(element, "ref")
        type_name, general = globals_[name]
        documentation = Documentation(
            text=f"{general.definition}. {documentation.text}", source=documentation.source
        )
    else:
        name = f"{{{namespace}}}{element.get('name')}"
        type_name = _resolve(element, "type")
    return Child(
        name=name,
        type_name=type_name,
        required=element.get("minOccurs", "1") != "0",
        repeatable=element.get("maxOccurs", "1") != "1",
        in_choice=any(ancestor.tag == XS + "choice" for ancestor in element.iterancestors()),
        documentation=documentation,
    )


def _simple_type(simple: etree._Element) -> SimpleType:
    documentation = _documentation(simple)
    restriction = simple.find(XS + "restriction")
    assert restriction is not None, "a simple type of ours is always a restriction"
    form = _FORM.search(documentation.text)
    facets = {
        qualified_name(facet).removeprefix(XS): facet.get("value", "")
        for facet in restriction.iterchildren("*")
    }
    return SimpleType(
        base=_resolve(restriction, "base"),
        form=form["form"].rstrip(".") if form else "",
        codes=tuple(code.get("value", "") for code in restriction.iterchildren(XS + "enumeration")),
        facets=facets,
        documentation=documentation,
    )


def _documentation(declaration: etree._Element) -> Documentation:
    words = declaration.find(f"{XS}annotation/{XS}documentation")
    text = " ".join("".join(words.itertext()).split()) if words is not None else ""
    parts = _DOCUMENTATION.match(text)
    return (
        Documentation(text=parts["text"], source=parts["source"])
        if parts
        else Documentation(text=text, source="")
    )


def _resolve(declaration: etree._Element, attribute: str) -> str:
    """A prefixed name in an attribute, as ``{namespace}LocalName``."""
    prefix, _, local = declaration.get(attribute, "").rpartition(":")
    return f"{{{declaration.nsmap.get(prefix or None, '')}}}{local}"
