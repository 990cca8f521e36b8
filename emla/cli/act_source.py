"""Where the case stands, for `emla case act`; and how that follows from the documents of the case in a folder.

Rule of this file: what is no message of emla in the folder is left alone; a message that is not valid is an error, because a case
without one of its acts is another case.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import click

from emla.cases.ahead import findings_ahead
from emla.cases.facts import facts_for
from emla.cases.fold import fold
from emla.formats.legal_act import read_legal_act
from emla.formats.schema import Schemas
from emla.formats.xml import parse_xml
from emla.model.errors import ConfigurationError, InvalidMessageError, NotFoundError
from emla.model.findings import Finding
from emla.model.legal_act import LegalAct
from emla.model.limits import XmlLimits
from emla.model.terms import CaseFacts
from emla.writing.heard import Heard, authorities, hear
from emla.writing.situation import Situation, situations

DOCUMENTS_MAX = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseSource:
    """A case as it is known here."""

    case_id: str
    own: str
    situations: tuple[Situation, ...]
    heard: tuple[Heard, ...] = ()
    acts: tuple[LegalAct, ...] = ()
    """All of them, where they are known here; else the server judges."""
    etag: str | None = None
    """Which acts the server held: it takes the act only where they are still all."""

    def ahead(self, act: LegalAct, already: frozenset[str]) -> tuple[Finding, ...]:
        """What the tables say of an act that is not sent yet; nothing where only the server knows."""
        return findings_ahead(self.acts, act, already=already) if self.acts else ()

    def facts(self, act: LegalAct) -> CaseFacts | None:
        """What the rules know of the case."""
        return facts_for(fold(self.acts), act) if self.acts else None

    def authorities(self) -> dict[str, dict[str, str]]:
        """What the messages say of the authorities that wrote them."""
        return authorities(self.heard)


def from_documents(folder: Path, schemas: Schemas, case: str, own: str) -> CaseSource:
    """Read a case from its documents.

    Args:
        folder: the folder; its XML files are read.
        schemas: the compiled schemas.
        case: CaseId, or a beginning of it.
        own: our authority.

    Raises:
        NotFoundError: no message of the case is there, or we have no part in it.
        InvalidMessageError: a message of it is not valid.
    """
    read = [each for path in _files(folder) if (each := _read(path, schemas)) is not None]
    acts = tuple(act for act, _ in read)
    cases = sorted({each.case_id.hex() for each in acts if each.case_id.hex().startswith(case.lower())})
    if not cases:
        raise NotFoundError("not-found", f"{folder} holds no message of a case {case}.")
    if len(cases) > 1:
        raise click.UsageError(f"{case} is the beginning of {len(cases)} cases: {', '.join(cases)}.")
    case_id = cases[0]
    heard = tuple(each for act, each in read if act.case_id.hex() == case_id)
    found = tuple(told(each, heard) for each in situations(fold(acts), bytes.fromhex(case_id), own))
    if not found:
        raise NotFoundError("not-found", f"{own} has no part in the case {case_id}.")
    return CaseSource(case_id=case_id, own=own, situations=found, heard=heard, acts=acts)


def _files(folder: Path) -> list[Path]:
    try:
        found = sorted(each for each in folder.iterdir() if each.suffix.lower() == ".xml" and each.is_file())
    except OSError as error:
        raise ConfigurationError("unreadable-file", f"{folder}: {error.strerror}.") from error
    if len(found) > DOCUMENTS_MAX:
        raise ConfigurationError("unreadable-file", f"{folder} has more than {DOCUMENTS_MAX} XML files.")
    return found


def _read(path: Path, schemas: Schemas) -> tuple[LegalAct, Heard] | None:
    limits = XmlLimits()
    try:
        with path.open("rb") as file:
            data = file.read(limits.size_bytes_max + 1)
    except OSError as error:
        raise ConfigurationError("unreadable-file", f"{path}: {error.strerror}.") from error
    try:
        document = parse_xml(data, limits)
    except InvalidMessageError:
        return None
    if not str(document.root.tag).startswith("{urn:emla:"):
        return None
    if findings := schemas.validate(document):
        raise InvalidMessageError("invalid-message", f"{path.name}: {findings[0].message}", findings=findings)
    return read_legal_act(data, document), hear(document)


def told(situation: Situation, heard: tuple[Heard, ...]) -> Situation:
    """The same with what the messages say beside their acts."""
    ids = {each.message_id for each in situation.acts}
    about = [each for each in heard if each.message_id in ids]
    words: dict[str, str] = {}
    for each in about:
        words |= each.words
    references = [each.requested_reference for each in about if each.requested_reference]
    first = about[0].requesting_reference if about else ""
    return replace(
        situation,
        requesting_reference=situation.requesting_reference or first,
        requested_reference=situation.requested_reference or (references or [""])[-1],
        words=words,
    )
