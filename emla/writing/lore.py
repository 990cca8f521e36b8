"""The schemas as the writer needs them: verdict, words, order."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from lxml import etree

from emla.formats.genericode import CodeLists
from emla.formats.schema import Schemas
from emla.formats.schema_index import SchemaIndex
from emla.formats.schema_shape import SchemaShape, read_shape, with_labels
from emla.formats.schema_value import HeldFiles, ValueChecker
from emla.writing.accept import Acceptance
from emla.writing.answers import Surroundings
from emla.writing.interview import Interview

MESSAGE = "{urn:emla:request:1}MLARequest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lore:
    """What is known of one message type."""

    folder: Path
    schemas: Schemas
    index: SchemaIndex
    shape: SchemaShape
    checker: ValueChecker

    def interview(self, around: Surroundings) -> Interview:
        """Its interview."""
        return Interview(MESSAGE, self.index, self.shape, around)

    def root_of(self, message: str) -> str:
        """The qualified name of a message type."""
        return next(each for each in self.index.message_roots() if each.endswith("}" + message))

    def acceptance(self, around: Surroundings) -> Acceptance:
        """What will do as an answer."""
        return Acceptance(self.checker, around)


@lru_cache(maxsize=1)
def load_lore(folder: Path) -> Lore:
    """Read the schemas; kept, because they are compiled.

    Args:
        folder: the folder with one folder for each version.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    schemas = Schemas(folder)
    index = schemas.index_of(MESSAGE)
    # The version that the index was read from.
    version = index.entry_files[etree.QName(MESSAGE).namespace or ""].parent
    parser.resolvers.add(HeldFiles(version))
    return Lore(
        folder=folder,
        schemas=schemas,
        index=index,
        shape=with_labels(read_shape(version, parser), CodeLists(folder), "en"),
        checker=ValueChecker(index, parser),
    )
