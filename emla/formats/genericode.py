"""OASIS genericode 1.0: the files of ``schemas/codes`` read into code lists.

Here: `decode_code_list`, strict, and `CodeLists`, which reads a list when it is first asked for. Not here: what a
code means for a rule.

Rules of this file:
- The files are corrected by jurists: whatever is wrong is said with file, line and what to write, and a list with
  a fault is not used at all.
- Simple code lists only, one key column ``code``, the columns of `COLUMNS` in each; a list may have more of its own.
- Nothing but the folder handed in is read; a process that will not be able to read calls `preload` first.
"""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from lxml import etree

from emla.model.codelist import LANGUAGES, CodeEntry, CodeList
from emla.model.deadline import Deadline, Unit
from emla.model.errors import ConfigurationError

NAMESPACE = "{http://docs.oasis-open.org/codelist/ns/genericode/1.0/}"
COLUMNS = (
    "code",
    *(f"label-{language}" for language in LANGUAGES),
    "definition",
    "source",
    "validFrom",
    "validTo",
    "verified",
)
_OPTIONAL = {"validTo"}
_BOOLEAN = {"true": True, "false": False}


class CodeLists:
    """The lists of one ``schemas`` folder, each read once, when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        """Look which lists there are.

        Args:
            folder: the ``schemas`` folder, with ``codes/CL-XXX.gc`` in it.
        """
        self._files = {path.stem: path for path in sorted((folder / "codes").glob("CL-*.gc"))}
        self._read: dict[str, CodeList] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all lists, sorted."""
        return tuple(self._files)

    def find(self, name: str) -> CodeList | None:
        """One list; None where there is none of that name.

        Raises:
            ConfigurationError: ``unreadable-file``: its file has a fault.
        """
        path = self._files.get(name)
        if path is None:
            return None
        if name not in self._read:
            self._read[name] = decode_code_list(_bytes_of(path), path.name)
        return self._read[name]

    def get(self, name: str) -> CodeList:
        """One list that belongs to this version of emla.

        Raises:
            ConfigurationError: ``unreadable-file``: it is not there, or its file has a fault.
        """
        found = self.find(name)
        if found is None:
            raise ConfigurationError("unreadable-file", f"This installation has no code list {name}.")
        return found

    def preload(self) -> None:
        """Read all of them now."""
        for name in self._files:
            self.get(name)


def decode_code_list(document: bytes, file_name: str) -> CodeList:
    """Read one list.

    Args:
        document: the bytes of the file.
        file_name: how the file is called in what is said about it.

    Raises:
        ConfigurationError: ``unreadable-file``, with the line and what is wrong there.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(document, parser)
    except etree.XMLSyntaxError as error:
        raise _fault(file_name, error.lineno, f"it is not well-formed: {error.msg}") from error
    if root.tag != NAMESPACE + "CodeList":
        raise _fault(file_name, root.sourceline, "its root is not a CodeList of genericode 1.0")
    columns = [column.get("Id", "") for column in root.iterfind("ColumnSet/Column")]
    missing = [column for column in COLUMNS if column not in columns]
    if missing or len(set(columns)) != len(columns):
        wrong = f"it lacks the column {missing[0]}" if missing else "two columns have one name"
        raise _fault(file_name, root.sourceline, wrong)
    codes: dict[str, CodeEntry] = {}
    for row in root.iterfind("SimpleCodeList/Row"):
        entry = _entry(row, columns, file_name)
        if entry.code in codes:
            raise _fault(file_name, row.sourceline, f"the code {entry.code} is there a second time")
        codes[entry.code] = entry
    if not codes:
        raise _fault(file_name, root.sourceline, "it has no rows")
    identification = {
        each.tag: " ".join((each.text or "").split()) for each in root.iterfind("Identification/*")
    }
    wanted = ("ShortName", "LongName", "Version", "CanonicalVersionUri")
    if not all(identification.get(tag) for tag in wanted):
        raise _fault(file_name, root.sourceline, f"its Identification needs {', '.join(wanted)}")
    return CodeList(
        name=identification["ShortName"],
        version=identification["Version"],
        uri=identification["CanonicalVersionUri"],
        title=identification["LongName"],
        codes=codes,
    )


def _entry(row: etree._Element, columns: list[str], file_name: str) -> CodeEntry:
    values: dict[str, str] = {}
    for value in row.iterfind("Value"):
        column = value.get("ColumnRef", "")
        text = " ".join((value.findtext("SimpleValue") or "").split())
        if column not in columns or column in values or not text:
            wrong = (
                "is empty" if not text else "is not a column" if column not in columns else "is given twice"
            )
            raise _fault(file_name, value.sourceline, f"the value of {column or 'no column'} {wrong}")
        values[column] = text
    for column in COLUMNS:
        if column not in values and column not in _OPTIONAL:
            raise _fault(file_name, row.sourceline, f"{values.get('code', 'a row')} has no {column}")
    if values["verified"] not in _BOOLEAN:
        raise _fault(file_name, row.sourceline, "verified is true or false")
    entry = CodeEntry(
        code=values["code"],
        labels={language: values[f"label-{language}"] for language in LANGUAGES},
        definition=values["definition"],
        source=values["source"],
        valid_from=_day(values["validFrom"], row, file_name),
        valid_to=_day(values["validTo"], row, file_name) if "validTo" in values else None,
        verified=_BOOLEAN[values["verified"]],
        more=_more(values),
    )
    if entry.valid_to is not None and entry.valid_to < entry.valid_from:
        raise _fault(file_name, row.sourceline, f"{entry.code} ends before it begins")
    return entry


def _more(values: Mapping[str, str]) -> dict[str, str]:
    return {column: value for column, value in values.items() if column not in COLUMNS}


def _day(text: str, row: etree._Element, file_name: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise _fault(file_name, row.sourceline, f"“{text[:40]}” is not a day; write 2026-01-31") from error
    if day.isoformat() != text:
        raise _fault(file_name, row.sourceline, f"“{text[:40]}” is not a day; write 2026-01-31")
    return day


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError("unreadable-file", f"The code list {path} cannot be read.") from error


def _fault(file_name: str, line: int | None, what: str) -> ConfigurationError:
    return ConfigurationError("unreadable-file", f"{file_name}, line {line or 1}: {what}.")


def deadlines(found: CodeList) -> dict[str, Deadline]:
    """The time limits that CL-DEADLINE lists, by code.

    Raises:
        ConfigurationError: ``unreadable-file``: a row lacks what a limit needs.
    """
    limits: dict[str, Deadline] = {}
    for entry in found.codes.values():
        try:
            limits[entry.code] = Deadline(
                code=entry.code,
                value=int(entry.more["value"]),
                unit=Unit(entry.more["unit"]),
                start_event=entry.more["startEvent"],
                instrument=entry.more["instrument"],
                source=entry.source,
                verified=entry.verified,
                what=entry.definition,
            )
        except (KeyError, ValueError) as error:
            what = f"{found.name}: {entry.code} needs value, unit, startEvent and instrument ({error})."
            raise ConfigurationError("unreadable-file", what) from error
    return limits
