"""One value against its type, before it stands in a document: the schema's own verdict and its own words.

Rule of this file: libxml2 decides, as it does for whole documents; a type is compiled when it is first needed, from
the folder handed in.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from lxml import etree

from emla.formats.schema_index import XS, SchemaIndex
from emla.formats.schema_sentences import describe

if TYPE_CHECKING:
    from lxml.etree._docloader import _InputDocument


class HeldFiles(etree.Resolver):
    """The schemas of a folder, read once: types are compiled from them where no file can be read any more."""

    def __init__(self, folder: Path) -> None:
        """Read them."""
        self._files = {path.name: path.read_bytes() for path in folder.glob("*.xsd")}

    def resolve(
        self, system_url: str | None, public_id: str | None, context: object
    ) -> "_InputDocument | None":
        """Answer libxml2, which asks for what a schema imports."""
        name = Path(system_url or "").name
        if name not in self._files:
            return None
        return self.resolve_string(self._files[name], context, base_url=system_url)


class ValueChecker:
    """Checks single values. For one thread: libxml2 keeps the errors of a run at the schema object."""

    def __init__(self, index: SchemaIndex, parser: etree.XMLParser) -> None:
        """Take the words of one version folder.

        Args:
            index: its index.
            parser: a parser without network and entities.
        """
        self._index, self._parser = index, parser
        self._compiled: dict[tuple[str, str], etree.XMLSchema] = {}

    def problem(self, type_name: str, element: str, text: str) -> str | None:
        """What is wrong with a value, in one sentence; None when nothing is.

        Args:
            type_name: qualified name of the type.
            element: local name of the element it is meant for, as the sentence calls it.
            text: the value.
        """
        schema = self._schema(type_name, element)
        made = etree.Element(element)
        try:
            made.text = text
        except ValueError:
            return "There is a character in it that no text may hold; type it anew."
        if schema.validate(made):
            return None
        first = schema.error_log[0]
        return describe(made, type_name, first.type_name, first.message, self._index)[1]

    def _schema(self, type_name: str, element: str) -> etree.XMLSchema:
        key = (type_name, element)
        if key not in self._compiled:
            self._compiled[key] = self._compile(etree.QName(type_name), element)
        return self._compiled[key]

    def _compile(self, type_: etree.QName, element: str) -> etree.XMLSchema:
        namespace = type_.namespace or ""
        schema = etree.Element(XS + "schema")
        address = Path("value.xsd")
        if namespace in self._index.entry_files:
            path = self._index.entry_files[namespace]
            etree.SubElement(schema, XS + "import", namespace=namespace, schemaLocation=path.name)
            address = path.with_name("value.xsd")
        declared = etree.SubElement(schema, XS + "element", nsmap={"t": namespace})
        declared.set("name", element)
        declared.set("type", f"t:{type_.localname}")
        # Written out and read back, because only a document with an address can import its neighbours.
        return etree.XMLSchema(etree.fromstring(etree.tostring(schema), self._parser, base_url=str(address)))
