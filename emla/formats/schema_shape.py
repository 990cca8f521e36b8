"""In which order and in which alternatives elements stand: what a writer of messages must know beyond `schema_index.py`.

Here: `SchemaShape`, read once from the XSD files: the elements and choices of each type in order, and the words
beside each code.
Not here: deciding whether a document is valid (libxml2 does).

Rule of this file: our schemas use sequences, choices, elements and references, nothing else; anything else is a `ValueError`.
"""

import re
from dataclasses import dataclass, field, replace
from pathlib import Path

from lxml import etree

from emla.formats.genericode import CodeLists
from emla.formats.schema_index import XS, Documentation
from emla.formats.xml import qualified_name

_LIST = re.compile(r"Code list: (CL-[A-Z]+)")
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
    """By qualified type name: each code of a closed list with its words."""
    lists: dict[str, str] = field(default_factory=dict)
    """By qualified type name: the code list its values come from, ``CL-MEASURE``."""
    suggested: dict[str, dict[str, Documentation]] = field(default_factory=dict)
    """By qualified type name: codes of a list that the schema leaves open; others are good as well."""

    def words(self, type_name: str, code: str) -> Documentation | None:
        """The words beside a code, whichever kind its list is of."""
        return self.codes.get(type_name, {}).get(code) or self.suggested.get(type_name, {}).get(code)


def read_shape(folder: Path, parser: etree.XMLParser) -> SchemaShape:
    """Read all XSD files of one version folder.

    Args:
        folder: for example ``schemas/1.0``.
        parser: a parser without network and entities.
    """
    content: dict[str, tuple[str | Choice, ...]] = {}
    codes: dict[str, dict[str, Documentation]] = {}
    lists: dict[str, str] = {}
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
            name = f"{{{namespace}}}{simple.get('name')}"
            if listed:
                codes[name] = listed
            if list_ := _LIST.search(_documentation(simple).text):
                lists[name] = list_[1]
    return SchemaShape(content=content, codes=codes, lists=lists)


def with_labels(shape: SchemaShape, lists: CodeLists, language: str) -> SchemaShape:
    """The same shape with the labels of the code lists, in a language; also for lists that the schema leaves open.

    Args:
        shape: as it was read.
        lists: the code lists.
        language: BCP 47; a label that is not given in it is in English.

    Raises:
        ConfigurationError: ``unreadable-file``: a list has a fault.
    """
    codes, suggested = dict(shape.codes), dict(shape.suggested)
    for type_name, list_name in shape.lists.items():
        found = lists.find(list_name)
        if found is None:
            continue
        labels = {
            each.code: Documentation(text=f"{each.label(language)}. {each.definition}", source=each.source)
            for each in found.codes.values()
        }
        if type_name in codes:
            codes[type_name] = {code: labels.get(code, words) for code, words in codes[type_name].items()}
        else:
            suggested[type_name] = labels
    return replace(shape, codes=codes, suggested=suggested)


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
