"""A version folder is compiled as a whole, and from nothing but its own files."""

from pathlib import Path

import pytest
from lxml import etree

from emla.formats.schema_compile import CompiledVersion
from emla.formats.schema_index import read_index

HEAD = (
    '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:t:1" targetNamespace="urn:t:1" '
    'elementFormDefault="qualified">'
)
TYPES = (
    f'{HEAD}<xs:complexType name="LetterType"><xs:sequence><xs:element name="Line" type="xs:token"/>'
    "</xs:sequence></xs:complexType></xs:schema>"
)


def compiled(folder: Path, location: str) -> CompiledVersion:
    """A message whose type stands in the file at `location`."""
    (folder / "letter.xsd").write_text(
        f'{HEAD}<xs:include schemaLocation="{location}"/><xs:element name="Letter" type="t:LetterType"/></xs:schema>'
    )
    return CompiledVersion(folder, read_index(folder, etree.XMLParser(no_network=True)))


def test_every_part_of_a_message_can_be_judged_alone(tmp_path: Path) -> None:
    (tmp_path / "types.xsd").write_text(TYPES)
    version = compiled(tmp_path, "types.xsd")
    line = etree.fromstring('<Line xmlns="urn:t:1">x</Line>')
    assert not version.schema.validate(line)
    assert version.compile_parts().validate(line)
    assert version.schema.validate(etree.fromstring('<Letter xmlns="urn:t:1"><Line>x</Line></Letter>'))


def test_nothing_outside_the_folder_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "1.0"
    folder.mkdir()
    (tmp_path / "types.xsd").write_text(TYPES)
    for location in ("../types.xsd", str(tmp_path / "types.xsd"), (tmp_path / "types.xsd").as_uri()):
        with pytest.raises(etree.XMLSchemaParseError):
            compiled(folder, location)
