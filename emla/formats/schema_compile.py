"""Schema files to compiled schemas.

Here: `CompiledVersion`, all messages of one version folder compiled together, and what an explanation needs beside the verdict.
Not here: what the words mean (`schema_index.py`), running a schema and wording its errors (`schema.py`).

Rules of this file:
- Schema files are code: they come from the folder handed in, nothing else is ever loaded.
- The words are taken out before compiling: libxml2 keeps the whole tree of every file, and a confined process has little room.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from lxml import etree

from emla.formats.schema_index import XS, Child, SchemaIndex

if TYPE_CHECKING:
    from lxml.etree._docloader import _InputDocument

_MASTER = "every-message.xsd"


class CompiledVersion:
    """All messages of one version folder, compiled together, with their words.

    One schema imports every namespace: what all messages share is then compiled once, not once for each.
    """

    def __init__(self, folder: Path, index: SchemaIndex) -> None:
        """Compile the folder that `index` was read from."""
        self.index = index
        self._folder = folder
        self._kept: tuple[etree.XMLSchema, etree.XMLSchema] | None = None
        self.schema = self.compile()

    def keep(self) -> None:
        """Keep what `compile` and `compile_parts` return."""
        self._kept = (self.compile(), self.compile_parts())

    def compile(self) -> etree.XMLSchema:
        """A new object of the same schema, whose errors nobody else can overwrite; or the one that is kept."""
        return self._kept[0] if self._kept else self._compile({})

    def compile_parts(self) -> etree.XMLSchema:
        """The same schema, in which every element is a global one: it judges any part of a message as if it were a document."""
        return self._kept[1] if self._kept else self._compile(self._local_elements())

    def _local_elements(self) -> dict[str, tuple[Child, ...]]:
        """For each entry file the elements of its namespace that are declared only inside types."""
        by_name = {
            child.name: child
            for children in self.index.complex_types.values()
            for child in children.values()
            if child.name not in self.index.elements
        }
        return {
            path.name: tuple(
                child for child in by_name.values() if etree.QName(child.name).namespace == namespace
            )
            for namespace, path in self.index.entry_files.items()
        }

    def _compile(self, additions: dict[str, tuple[Child, ...]]) -> etree.XMLSchema:
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
        parser.resolvers.add(_OwnFolder(self._folder, additions))
        schema = etree.Element(XS + "schema")
        for namespace, path in sorted(self.index.entry_files.items()):
            etree.SubElement(schema, XS + "import", namespace=namespace, schemaLocation=path.name)
        # Written out and read back, because only a document with an address can name its neighbours.
        address = str(self._folder / _MASTER)
        return etree.XMLSchema(etree.fromstring(etree.tostring(schema), parser, base_url=address))


class _OwnFolder(etree.Resolver):
    """Hands libxml2 the files of one folder, without their words and with elements added; and no others."""

    def __init__(self, folder: Path, additions: dict[str, tuple[Child, ...]]) -> None:
        super().__init__()
        self._folder = folder
        self._additions = additions

    def resolve(
        self, system_url: str | None, public_id: str | None, context: object
    ) -> "_InputDocument | None":
        """What libxml2 gets for an address; no schema for one outside the folder."""
        path = self._folder / Path(system_url or "").name
        if str(path) != system_url:
            # Not `resolve_empty`: after that libxml2 looks for the file itself.
            return self.resolve_string(b"<nothing/>", context)
        root = etree.fromstring(path.read_bytes(), etree.XMLParser(remove_blank_text=True, load_dtd=False))
        for words in list(root.iter(XS + "annotation")):
            parent = words.getparent()
            if parent is not None:
                parent.remove(words)
        for child in self._additions.get(path.name, ()):
            type_ = etree.QName(child.type_name)
            element = etree.SubElement(root, XS + "element", nsmap={"t": type_.namespace or ""})
            element.set("name", etree.QName(child.name).localname)
            element.set("type", f"t:{type_.localname}")
        return self.resolve_string(etree.tostring(root), context, base_url=system_url)
