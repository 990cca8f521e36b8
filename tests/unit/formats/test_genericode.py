from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from emla.formats.genericode import CodeLists, decode_code_list
from emla.model.errors import ConfigurationError
from tests.support.sample_case import SCHEMA_FOLDER

FILE = SCHEMA_FOLDER / "codes" / "CL-HEARINGMODE.gc"


def refused(change: Callable[[str], str]) -> str:
    changed = change(FILE.read_text(encoding="utf-8"))
    assert changed != FILE.read_text(encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        decode_code_list(changed.encode(), "CL-HEARINGMODE.gc")
    assert caught.value.code == "unreadable-file"
    assert caught.value.detail.startswith("CL-HEARINGMODE.gc, line ")
    return caught.value.detail


def test_a_list_is_read_with_words_dates_and_its_own_columns() -> None:
    found = CodeLists(SCHEMA_FOLDER).get("CL-MEASURE")
    entry = found.codes["SEARCH_SEIZURE"]
    assert (found.version, found.uri) == ("1", "urn:emla:codes:measure:1")
    assert entry.label("fr-CH") == "Perquisition et saisie"
    assert entry.label("sw") == "Search and seizure"
    assert entry.more == {"coercive": "yes"}
    assert entry.verified
    assert entry.valid_on(date(2026, 1, 1))
    assert not entry.valid_on(date(2025, 12, 31))
    assert found.find("NOTHING") is None


def test_a_list_that_is_not_there_is_none_or_the_installation_is_broken() -> None:
    assert CodeLists(SCHEMA_FOLDER).find("CL-NOTHING") is None
    with pytest.raises(ConfigurationError, match="CL-NOTHING"):
        CodeLists(SCHEMA_FOLDER).get("CL-NOTHING")


def test_after_preload_nothing_is_read_any_more(tmp_path: Path) -> None:
    (tmp_path / "codes").mkdir()
    copy = tmp_path / "codes" / FILE.name
    copy.write_bytes(FILE.read_bytes())
    lists = CodeLists(tmp_path)
    lists.preload()
    copy.unlink()
    assert lists.get("CL-HEARINGMODE").codes["VIDEO"].label("es") == "Por videoconferencia"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("</gc:CodeList>", "", "not well-formed"),
        ("genericode/1.0/", "genericode/2.0/", "not a CodeList"),
        ('Id="label-ar"', 'Id="label-xx"', "lacks the column label-ar"),
        ('Id="verified"', 'Id="source"', "lacks the column verified"),
        (">VIDEO<", ">TELEPHONE<", "TELEPHONE is there a second time"),
        (">Par vidéoconférence<", "> <", "label-fr is empty"),
        ('ColumnRef="definition"', 'ColumnRef="deffinition"', "deffinition is not a column"),
        ('ColumnRef="definition"', 'ColumnRef="source"', "source is given twice"),
        (
            '      <Value ColumnRef="verified"><SimpleValue>true</SimpleValue></Value>\n',
            "",
            "IN_PERSON has no verified",
        ),
        ("<SimpleValue>true</SimpleValue>", "<SimpleValue>yes</SimpleValue>", "true or false"),
        ("<SimpleValue>2026-01-01", "<SimpleValue>1.1.2026", "is not a day"),
        ("<SimpleValue>2026-01-01", "<SimpleValue>20260101", "is not a day"),
        ("<SimpleValue>2026-01-01", "<SimpleValue>2026-02-30", "is not a day"),
        ("<Version>1</Version>", "<Version> </Version>", "Identification needs"),
        (
            '<Value ColumnRef="verified">',
            '<Value ColumnRef="validTo"><SimpleValue>2025-12-31</SimpleValue></Value><Value ColumnRef="verified">',
            "ends before it begins",
        ),
    ],
)
def test_a_fault_is_said_with_file_line_and_what_is_wrong(old: str, new: str, words: str) -> None:
    assert words in refused(lambda text: text.replace(old, new, 1))


def test_a_code_that_stands_twice_is_refused() -> None:
    assert "TELEPHONE is there a second time" in refused(lambda text: text.replace(">VIDEO<", ">TELEPHONE<"))


def test_a_list_without_rows_is_refused() -> None:
    words = refused(lambda text: text[: text.index("    <Row>")] + text[text.rindex("  </SimpleCodeList>") :])
    assert "no rows" in words
