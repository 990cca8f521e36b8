"""``schemas/instruments``: one XML file for each instrument, read into `emla.model.instrument`.

Here: `Instruments`, which reads an instrument when it is first asked for, and `place_of`. Not here: whether an
instrument is in force (`emla.model.instrument.in_force`).

Rules of this file:
- ``instrument.xsd`` decides whether a file is valid; a file with a fault is not used at all, and what is wrong is
  said with its line, because jurists correct these files.
- Nothing but the folder handed in is read; a process that will not be able to read calls `preload` first.
"""

from datetime import date
from pathlib import Path

from lxml import etree

from emla.model.codelist import CodeList
from emla.model.errors import ConfigurationError
from emla.model.instrument import DatedFact, Declaration, Instrument, InstrumentKind, Party, Place

_NS = "{urn:emla:instruments:1}"
_ALL = "*"
_SCHEMA = "instrument.xsd"


class Instruments:
    """The instruments of one ``schemas`` folder, each read once."""

    def __init__(self, folder: Path) -> None:
        """Look which instruments there are.

        Args:
            folder: the ``schemas`` folder, with ``instruments/CODE.xml`` in it.
        """
        self._folder = folder / "instruments"
        self._files = {path.stem: path for path in sorted(self._folder.glob("*.xml"))}
        self._parser = etree.XMLParser(
            resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True
        )
        self._schema: etree.XMLSchema | None = None
        self._read: dict[str, Instrument] = {}

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of all instruments, sorted."""
        return tuple(self._files)

    def find(self, code: str) -> Instrument | None:
        """One instrument; None where there is none of that code.

        Raises:
            ConfigurationError: ``unreadable-file``: its file has a fault.
        """
        if code not in self._files:
            return None
        if code not in self._read:
            self._read[code] = self._decode(self._files[code])
        return self._read[code]

    def preload(self) -> None:
        """Read all of them now."""
        for code in self._files:
            self.find(code)

    def _decode(self, path: Path) -> Instrument:
        try:
            if self._schema is None:
                self._schema = etree.XMLSchema(etree.parse(self._folder / _SCHEMA, self._parser))
            root = etree.parse(path, self._parser).getroot()
        except OSError as error:
            raise ConfigurationError("unreadable-file", f"{path} cannot be read.") from error
        except etree.XMLSyntaxError as error:
            raise _fault(path, error.lineno, f"it is not well-formed: {error.msg}") from error
        if not self._schema.validate(root):
            first = self._schema.error_log[0]
            raise _fault(path, first.line, first.message.replace(_NS, ""))
        instrument = _instrument(root)
        if instrument.code != path.stem:
            raise _fault(path, root.sourceline, f"the file is about {instrument.code}")
        for party in instrument.parties:
            if party.until is not None and party.until < party.since:
                raise _fault(path, root.sourceline, f"for {party.state} it ends before it begins")
        return instrument


def place_of(country: str, territory: str, countries: CodeList) -> Place:
    """The place an authority's codes mean: who is party to treaties for it.

    Args:
        country: CountryCode of a message, for example ``GB``, or ``HK``.
        territory: TerritoryCode of a message, for example ``GB-GGY``; may be empty. A part of a State without
            authorities of its own stands for the State.
        countries: CL-COUNTRY.
    """
    entry = countries.find(country)
    if entry is not None and "partOf" in entry.more:
        return Place(state=entry.more["partOf"], territory=country)
    if territory:
        for code, each in countries.codes.items():
            if territory in (each.more.get("subdivision"), f"{each.more.get('partOf')}-{code}"):
                return Place(state=each.more["partOf"], territory=code)
    return Place(state=country)


def _instrument(root: etree._Element) -> Instrument:
    parties = root.find(_NS + "Parties")
    assert parties is not None, "the schema requires it"
    covers = parties.get("coversStates", "")
    return Instrument(
        code=root.get("code", ""),
        kind=InstrumentKind(root.get("kind", "")),
        title=_text(root.find(_NS + "Title")),
        source=_text(root.find(_NS + "Source")),
        note=_text(root.find(_NS + "Note")),
        opened_for_signature=_dated(root.find(_NS + "OpenedForSignature")),
        entry_into_force=_dated(root.find(_NS + "EntryIntoForce")),
        covers=None if covers.strip() == _ALL else frozenset(covers.split()),
        parties=tuple(_party(each) for each in parties.iterchildren(_NS + "Party")),
        declarations=tuple(_declaration(each) for each in root.iterchildren(_NS + "Declaration")),
        articles={
            each.get("number", ""): each.get("subject", "") for each in root.iterchildren(_NS + "Article")
        },
    )


def _party(element: etree._Element) -> Party:
    until = element.get("until")
    return Party(
        state=element.get("state", ""),
        since=date.fromisoformat(element.get("since", "").strip()),
        until=date.fromisoformat(until.strip()) if until is not None else None,
        side=element.get("side", ""),
        territories={
            each.get("code", ""): DatedFact(
                day=date.fromisoformat(each.get("since", "").strip()), verified=_verified(each)
            )
            for each in element.iterchildren(_NS + "Territory")
        },
        verified=_verified(element),
    )


def _declaration(element: etree._Element) -> Declaration:
    return Declaration(
        state=element.get("state", ""),
        article=element.get("article", ""),
        subject=element.get("subject", ""),
        value=_text(element),
        verified=_verified(element),
    )


def _dated(element: etree._Element | None) -> DatedFact | None:
    if element is None:
        return None
    return DatedFact(day=date.fromisoformat(_text(element)), verified=_verified(element))


def _verified(element: etree._Element) -> bool:
    return element.get("verified", "").strip() in {"true", "1"}


def _text(element: etree._Element | None) -> str:
    return " ".join((element.text or "").split()) if element is not None else ""


def _fault(path: Path, line: int | None, what: str) -> ConfigurationError:
    return ConfigurationError("unreadable-file", f"{path.name}, line {line or 1}: {what.rstrip('.')}.")
