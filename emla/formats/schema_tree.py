"""The elements of one message as a tree, each with its words: for whoever explains, asks for or prints a message.

Here: `tree_of`, made from the index (words, cardinalities) and the shape (order, alternatives). Not here: reading schema files.

Rules of this file:
- Children stand in the order of the schema. Those of a choice carry its number and their branch in it.
- No type of ours holds itself, so a tree ends; a test holds the schemas to it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from emla.formats.schema_index import Child, Documentation, SchemaIndex, SimpleType
from emla.formats.schema_shape import Choice, SchemaShape


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """Where an element stands in a choice."""

    choice: int
    """Which choice of its parent, from 0."""
    branch: int
    """Which branch of it, from 0; elements of one branch stand together."""
    required: bool
    """One of the branches must stand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """An element in its place."""

    name: str
    """Qualified."""
    path: str
    """As findings show places, without numbers: ``/MLARequest/Measure/MeasureId``."""
    type_name: str
    required: bool
    """It must stand wherever its parent stands; for one of a choice: wherever its branch does."""
    repeatable: bool
    alternative: Alternative | None
    documentation: Documentation
    value: SimpleType | None
    """The type of its text; None where it holds elements, or one of XML Schema's own types."""
    children: tuple["Node", ...]

    @property
    def local_name(self) -> str:
        """The name without its namespace."""
        return etree.QName(self.name).localname

    def walk(self) -> Iterator["Node"]:
        """The element and all below it, in the order of a document."""
        yield self
        for child in self.children:
            yield from child.walk()

    def find(self, path: str) -> "Node | None":
        """The element at a path from this one, for example ``Measure/MeasureId``; None if there is none."""
        here: Node | None = self
        for step in path.strip("/").split("/"):
            here = next((each for each in here.children if each.local_name == step), None) if here else None
        return here


def tree_of(index: SchemaIndex, shape: SchemaShape, root: str) -> Node:
    """The tree of one message.

    Args:
        index: words and cardinalities of the version folder.
        shape: order and alternatives of the same folder.
        root: qualified name of the message, as in ``index.message_roots()``.

    Raises:
        KeyError: there is no such message.
    """
    return _node(index, shape, index.elements[root], None, "")


def _node(
    index: SchemaIndex, shape: SchemaShape, child: Child, alternative: Alternative | None, above: str
) -> Node:
    path = f"{above}/{etree.QName(child.name).localname}"
    children = index.complex_types.get(child.type_name, {})
    return Node(
        name=child.name,
        path=path,
        type_name=child.type_name,
        required=child.required,
        repeatable=child.repeatable,
        alternative=alternative,
        documentation=child.documentation,
        value=index.simple_types.get(child.type_name),
        children=tuple(
            _node(index, shape, children[name], where, path)
            for name, where in _places(shape.content.get(child.type_name, ()))
        ),
    )


def _places(content: tuple[str | Choice, ...]) -> Iterator[tuple[str, Alternative | None]]:
    choices = 0
    for each in content:
        if isinstance(each, str):
            yield each, None
            continue
        for branch, names in enumerate(each.branches):
            for name in names:
                yield name, Alternative(choice=choices, branch=branch, required=each.required)
        choices += 1
