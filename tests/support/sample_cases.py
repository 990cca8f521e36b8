"""The sample cases of schemas/samples, as their folders tell them: sequences, variants and files.

`python -m tests.support.sample_cases` makes the sizes and hashes in the messages true again after a file was changed.

Rules of this file:
- The folder is read, nothing is listed here: a case that is added is tested, a file that nobody names is noticed.
"""

import hashlib
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from emla.model.terms import CaseFacts, Terms, Wishes
from tests.support.requirements import as_a_profile_says
from tests.support.sample_case import SCHEMA_FOLDER

FOLDER = SCHEMA_FOLDER / "samples"
NOT_HERE = {"hinode-mirai-bank.pcap", "nl-ams-417.E01"}
"""Too large to be committed: the first is made by `emla.bootstrap.sample`, the second is sent by reference."""
_FILE = re.compile(
    r"<FileName>([^<]+)</FileName>(\s*<MediaType>[^<]*</MediaType>\s*)<SizeBytes>\d+</SizeBytes>(\s*)<Sha256>[0-9a-f]{64}</Sha256>"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Something that happens in a case: a message, or a time that comes."""

    at: datetime
    file: str | None
    event: str | None
    sender: str | None
    recipient: str | None
    states: tuple[str, ...]
    """States of the request, and of what has states of its own (preservation, extradition, information)."""
    where: dict[str, str]
    """The same by kind: ``request``, ``preservation``, ``extradition``, ``information``."""
    measures: dict[str, str]
    branch: str
    """What another course of the case is called, to which the step belongs; empty: the course itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A message with a fault, and what a check says of it."""

    path: Path
    of: str
    rules: tuple[str, ...]
    place: str | None
    code: str
    terms: Terms
    """What is known where it is checked: what the recipient wants, where the case stands, which day it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleCase:
    """One folder."""

    folder: Path
    title: str
    steps: tuple[Step, ...]
    variants: tuple[Variant, ...]

    @property
    def messages(self) -> tuple[Path, ...]:
        """The valid messages, in order."""
        return tuple(self.folder / step.file for step in self.steps if step.file)


def _step(table: dict[str, Any]) -> Step:
    kinds = ("request", "preservation", "extradition", "information")
    return Step(
        at=table["at"],
        file=table.get("file"),
        event=table.get("event"),
        sender=table.get("from"),
        recipient=table.get("to"),
        states=tuple(table[kind] for kind in kinds if kind in table),
        where={kind: table[kind] for kind in kinds if kind in table},
        measures=table.get("measures", {}),
        branch=table.get("branch", ""),
    )


def _variant(table: dict[str, Any], folder: Path, requesting: str) -> Variant:
    return Variant(
        path=folder / table["file"],
        of=table["of"],
        rules=tuple(sorted((table["rule"], *table.get("also", ())))),
        place=table.get("path"),
        code=table.get("code", "invalid-message"),
        terms=_terms(table.get("context", {}), requesting),
    )


def _terms(context: dict[str, Any], requesting: str) -> Terms:
    """The context of a variant: each name belongs to the recipient's wishes or to the facts of the case."""
    of_wishes = {each.name for each in fields(Wishes)}
    wishes: dict[str, Any] = {}
    case: dict[str, Any] = {"requesting": requesting}
    for name, value in context.items():
        if name != "today":
            (wishes if name in of_wishes else case)[name] = _frozen(value)
    return Terms(
        sending=True,
        today=context.get("today"),
        wishes=as_a_profile_says(Wishes(**wishes)) if wishes else None,
        case=CaseFacts(**case) if context.keys() - of_wishes - {"today"} else None,
    )


def _frozen(value: object) -> object:
    """Lists as tuples."""
    return tuple(_frozen(each) for each in value) if isinstance(value, list) else value


@cache
def cases() -> tuple[SampleCase, ...]:
    """All cases, by number."""
    return tuple(_read(path.parent) for path in sorted(FOLDER.glob("S*/case.toml")))


def _read(folder: Path) -> SampleCase:
    document = tomllib.loads((folder / "case.toml").read_text(encoding="utf-8"))
    requesting = next(each["from"] for each in document["step"] if "from" in each)
    return SampleCase(
        folder=folder,
        title=document["title"],
        steps=tuple(_step(each) for each in document["step"]),
        variants=tuple(_variant(each, folder, requesting) for each in document.get("variant", ())),
    )


def named_files(text: str) -> Iterator[tuple[str, int, str]]:
    """Name, size and hash of each file that a message names, wherever it does."""
    for found in _FILE.finditer(text):
        size = re.search(r"<SizeBytes>(\d+)<", found[0])
        digest = re.search(r"<Sha256>(\w+)<", found[0])
        assert size is not None
        assert digest is not None
        yield found[1], int(size[1]), digest[1]


def made_true(text: str, folder: Path) -> str:
    """A message with the sizes and hashes that the files beside it have; files that are not there are left alone."""

    def replace(found: re.Match[str]) -> str:
        path = folder / found[1]
        if not path.is_file():
            return found[0]
        data = path.read_bytes()
        size, digest = len(data), hashlib.sha256(data).hexdigest()
        return (
            f"<FileName>{found[1]}</FileName>{found[2]}<SizeBytes>{size}</SizeBytes>{found[3]}"
            f"<Sha256>{digest}</Sha256>"
        )

    return _FILE.sub(replace, text)


if __name__ == "__main__":
    for case in cases():
        for message in case.messages:
            before = message.read_text(encoding="utf-8")
            after = made_true(before, case.folder)
            if after != before:
                message.write_text(after, encoding="utf-8")
                print(f"{case.folder.name}/{message.name}: sizes and hashes are true again")
