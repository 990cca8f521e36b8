"""The instruments as files: what the sample cases rest on is there, and a fault is said with its line."""

from datetime import date
from functools import cache
from pathlib import Path
from shutil import copytree

import pytest
from lxml import etree

from emla.formats.genericode import CodeLists
from emla.formats.instruments import Instruments, place_of
from emla.model.errors import ConfigurationError
from emla.model.instrument import Answer, InForce, Instrument, InstrumentKind, Place, in_force
from tests.support.sample_case import SCHEMA_FOLDER

ON = date(2026, 6, 15)
FOLDER = SCHEMA_FOLDER / "instruments"


@cache
def instruments() -> Instruments:
    return Instruments(SCHEMA_FOLDER)


def get(code: str) -> Instrument:
    found = instruments().find(code)
    assert found is not None
    return found


def between(code: str, one: str, other: str, on: date = ON) -> InForce:
    return in_force(get(code), Place(state=one), Place(state=other), on)


def test_every_code_of_the_list_has_a_file_and_every_file_a_code() -> None:
    assert set(instruments().codes) == set(CodeLists(SCHEMA_FOLDER).get("CL-INSTRUMENT").codes)
    assert instruments().find("NOTHING") is None


@pytest.mark.parametrize(
    ("case", "code", "one", "other", "answer"),
    [
        ("S01", "EU-JP-2009", "JP", "NL", Answer.YES),
        ("S01", "BUD", "JP", "NL", Answer.YES),
        ("S02", "UNCAC", "NG", "GB", Answer.YES),
        ("S02", "HARARE", "NG", "GB", Answer.YES),
        ("S03", "ETS30", "IT", "CH", Answer.YES),
        ("S03", "ETS182", "IT", "CH", Answer.YES),
        ("S04", "BUD", "PH", "US", Answer.YES),
        ("S04", "MLAT-PH-US-1994", "PH", "US", Answer.YES),
        ("S05", "BUD", "CA", "FR", Answer.YES),
        ("S05", "2AP", "CA", "FR", Answer.NO),
        ("S06", "ETS24", "RS", "AT", Answer.YES),
        ("S06", "CETS209", "RS", "AT", Answer.YES),
        ("S07", "UNCAC", "PE", "CH", Answer.YES),
        ("S07", "MLAT-CH-PE-1997", "PE", "CH", Answer.YES),
        ("S08", "ETS30", "PL", "NO", Answer.YES),
        ("S08", "ETS182", "PL", "NO", Answer.YES),
        ("S09", "ETS182", "UA", "LT", Answer.YES),
        ("S10", "UNCAC", "SG", "AU", Answer.YES),
        ("S11", "UNTOC", "KE", "AE", Answer.YES),
        ("S12", "HARARE", "LK", "GB", Answer.YES),
        ("S12", "UNTOC", "LK", "GB", Answer.YES),
        ("S13", "UNTOC", "MX", "CO", Answer.YES),
        ("S14", "EIO", "FI", "PT", Answer.YES),
        ("S15", "RECIPROCITY", "IN", "DE", Answer.NOT_A_TREATY),
        ("S15", "DOMESTIC_LAW", "IN", "DE", Answer.NOT_A_TREATY),
        ("HANOI", "HANOI", "JP", "NL", Answer.NO),
        ("sides", "EU-JP-2009", "NL", "FR", Answer.NO),
        ("left", "EIO", "GB", "FR", Answer.NO),
        ("outside", "ETS30", "IN", "DE", Answer.NO),
        ("outside", "BUD", "IN", "DE", Answer.NO),
        ("not recorded", "ETS182", "FI", "DE", Answer.UNKNOWN),
        ("opt-out", "EEV", "DK", "DE", Answer.NO),
    ],
)
def test_the_sample_cases_rest_on_instruments_in_force(
    case: str, code: str, one: str, other: str, answer: Answer
) -> None:
    found = between(code, one, other)
    assert found.answer is answer, f"{case}: {found.reason}"


def test_an_instrument_that_a_state_left_was_in_force_before() -> None:
    assert between("EIO", "GB", "FR", date(2019, 1, 1)).answer is Answer.YES
    # The e-Evidence Regulation applies since 18 August 2026.
    assert between("EEV", "FR", "DE", date(2026, 8, 17)).answer is Answer.NO
    assert between("EEV", "FR", "DE", date(2026, 8, 18)).answer is Answer.YES


def test_dates_are_sound() -> None:
    countries = CodeLists(SCHEMA_FOLDER).get("CL-COUNTRY").codes
    for code in instruments().codes:
        found = get(code)
        opened, force = found.opened_for_signature, found.entry_into_force
        if found.kind is InstrumentKind.NO_TREATY:
            assert (opened, force, found.parties) == (None, None, ()), code
            continue
        assert opened, code
        assert not force or opened.day <= force.day, code
        assert not found.parties or force, f"{code} has parties and never entered into force"
        for party in found.parties:
            assert party.state in countries, code
            assert "partOf" not in countries[party.state].more, f"{code}: {party.state} is a territory"
            assert opened.day <= party.since, f"{code} {party.state}"
            assert party.since <= ON or code == "EEV", f"{code} {party.state}"
            assert not party.side or found.kind is InstrumentKind.AGREEMENT
            for territory, since in party.territories.items():
                assert countries[territory].more.get("partOf") == party.state
                assert party.since <= since.day, f"{code} {territory}"
        if found.kind is InstrumentKind.BILATERAL:
            assert len({party.state for party in found.parties}) == 2
            assert found.covers is None


def test_declarations_are_of_parties_and_can_be_read() -> None:
    languages = CodeLists(SCHEMA_FOLDER).get("CL-LANG").codes
    for code in instruments().codes:
        found = get(code)
        for each in found.declarations:
            assert each.state in {party.state for party in found.parties}, f"{code} {each.state}"
            if each.subject == "LANGUAGES":
                assert set(each.value.split()) <= set(languages), f"{code} {each.state}"
            if each.subject.endswith("_DAYS"):
                assert each.value.isdecimal()
    (norway,) = get("ETS30").declared("NO", "SERVICE_DEADLINE_DAYS")
    assert (norway.article, norway.value, norway.verified) == ("7(3)", "40", False)
    assert get("UNCAC").articles["46(15)"] == "CONTENT"


def test_about_a_state_that_is_not_recorded_nothing_is_claimed() -> None:
    found = between("ETS182", "FI", "DE")
    assert (found.answer, found.verified) == (Answer.UNKNOWN, False)
    assert found.reason == "Whether FI is a party to ETS182 is not recorded."


def test_unverified_dates_are_said_to_be_so() -> None:
    assert not between("UNCAC", "NG", "GB").verified
    assert not between("HARARE", "NG", "GB").verified


@pytest.mark.parametrize(
    ("country", "territory", "place"),
    [
        ("GB", "", Place(state="GB")),
        ("GB", "GB-GGY", Place(state="GB", territory="GG")),
        ("GG", "", Place(state="GB", territory="GG")),
        ("CN", "CN-HK", Place(state="CN", territory="HK")),
        ("HK", "CN-HK", Place(state="CN", territory="HK")),
        ("GB", "GB-KY", Place(state="GB", territory="KY")),
        ("US", "US-CA", Place(state="US")),
        ("ZZ", "", Place(state="ZZ")),
    ],
)
def test_an_authority_stands_for_the_state_that_is_party_for_it(
    country: str, territory: str, place: Place
) -> None:
    assert place_of(country, territory, CodeLists(SCHEMA_FOLDER).get("CL-COUNTRY")) == place


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("</Instrument>", "", "line 1[0-9]: it is not well-formed"),
        ('kind="BILATERAL"', 'kind="TREATY"', "line 2: .*kind.*TREATY"),
        ("1996-11-22</Entry", "22.11.1996</Entry", "line 6: .*EntryIntoForce.*22.11.1996"),
        ('state="PH" since="1996-11-22"', 'state="PH"', "line 8: .*since.*required"),
        (
            'state="PH" since="1996-11-22"',
            'state="PH" since="1996-11-22" until="1996-11-21"',
            "for PH it ends before it begins",
        ),
        ('code="MLAT-PH-US-1994"', 'code="OTHER"', "the file is about OTHER"),
    ],
)
def test_a_fault_is_said_with_its_line(tmp_path: Path, old: str, new: str, words: str) -> None:
    copytree(FOLDER, tmp_path / "instruments")
    file = tmp_path / "instruments" / "MLAT-PH-US-1994.xml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=f"MLAT-PH-US-1994.xml, .*{words}"):
        Instruments(tmp_path).find("MLAT-PH-US-1994")


def test_a_file_that_the_schema_refuses_is_not_used(tmp_path: Path) -> None:
    copytree(FOLDER, tmp_path / "instruments")
    file = tmp_path / "instruments" / "UNCAC.xml"
    text = file.read_text(encoding="utf-8")
    assert 'subject="LANGUAGES"' in text
    file.write_text(text.replace('subject="LANGUAGES"', 'subject="languages"', 1), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"UNCAC\.xml"):
        Instruments(tmp_path).find("UNCAC")


def test_after_preload_nothing_is_read_any_more(tmp_path: Path) -> None:
    copytree(FOLDER, tmp_path / "instruments")
    copied = Instruments(tmp_path)
    copied.preload()
    (tmp_path / "instruments" / "UNCAC.xml").unlink()
    assert copied.find("UNCAC") is not None


def test_a_file_that_cannot_be_read_is_our_operators_trouble(tmp_path: Path) -> None:
    copytree(FOLDER, tmp_path / "instruments")
    copied = Instruments(tmp_path)
    (tmp_path / "instruments" / "UNCAC.xml").unlink()
    with pytest.raises(ConfigurationError, match="UNCAC"):
        copied.find("UNCAC")


def test_every_declaration_of_the_instrument_schema_says_what_it_is_and_its_source() -> None:
    root = etree.parse(FOLDER / "instrument.xsd").getroot()
    xs = "{http://www.w3.org/2001/XMLSchema}"
    for kind in ("element", "attribute", "complexType", "simpleType", "enumeration"):
        for each in root.iter(xs + kind):
            words = each.findtext(f"{xs}annotation/{xs}documentation") or ""
            assert " ".join(words.split()).rpartition("Source: ")[2].endswith("."), each.attrib
