"""What other processors say of a message: Python's xmlschema and the system's xmllint, beside our own libxml2.

Rules of this file:
- One compiled schema for all families, and one xmllint for all files of a family: a test of a folder costs seconds, not minutes.
"""

import subprocess
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import xmlschema
from lxml import etree

from emla.formats.schema import Schemas
from emla.formats.xml import parse_xml
from emla.model.limits import XmlLimits
from tests.support.sample_case import SCHEMA_FOLDER, schemas

VERSION = SCHEMA_FOLDER / "1.0"
XS = "http://www.w3.org/2001/XMLSchema"


@cache
def entry_files() -> dict[str, Path]:
    """For each namespace of a message family the file to validate with."""
    index = schemas().index_of(schemas().roots[0])
    return dict(index.entry_files)


@cache
def second_opinion() -> xmlschema.XMLSchema:
    """All messages, compiled by the other processor."""
    imports = "".join(
        f'<xs:import namespace="{namespace}" schemaLocation="{path.name}"/>'
        for namespace, path in entry_files().items()
    )
    return xmlschema.XMLSchema(f'<xs:schema xmlns:xs="{XS}">{imports}</xs:schema>', base_url=str(VERSION))


@cache
def _ready() -> Schemas:
    """The schemas as the opener has them: what explains a refusal is compiled once, not for each."""
    ready = Schemas(SCHEMA_FOLDER)
    ready.preload()
    return ready


def verdicts(data: bytes) -> tuple[bool, bool]:
    """Whether libxml2 and xmlschema accept a well-formed document."""
    ours = _ready().validate(parse_xml(data, XmlLimits())) == ()
    theirs = second_opinion()
    # Without a declaration of its root it would accept anything.
    known = etree.fromstring(data).tag in theirs.maps.elements
    return ours, known and theirs.is_valid(data)


def xmllint_accepts(paths: Iterable[Path]) -> dict[Path, bool]:
    """What ``xmllint --schema`` says of well-formed files; a file in an unknown namespace is not accepted."""
    by_namespace: dict[str | None, list[Path]] = {}
    for path in paths:
        root = etree.parse(path, etree.XMLParser(resolve_entities=False, no_network=True)).getroot()
        by_namespace.setdefault(etree.QName(root).namespace, []).append(path)
    accepted: dict[Path, bool] = {}
    for namespace, files in by_namespace.items():
        entry = entry_files().get(namespace or "")
        if entry is None:
            accepted.update(dict.fromkeys(files, False))
            continue
        command = ["xmllint", "--noout", "--nonet", "--schema", str(entry), *map(str, files)]
        said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False).stderr
        lines = set(said.splitlines())
        accepted.update({path: f"{path} validates" in lines for path in files})
    return accepted
