"""Acts are read from every message, and say what the message says."""

from dataclasses import fields
from datetime import date

import pytest

from emla.formats.legal_act import read_legal_act
from emla.formats.xml import parse_xml
from emla.model.legal_act import LegalAct
from emla.model.limits import XmlLimits
from emla.model.message_types import MESSAGE_TYPES
from tests.support.sample_acts import act_of
from tests.support.sample_cases import FOLDER
from tests.support.sample_messages import Sample, samples


def act_in(sample: Sample) -> LegalAct:
    return read_legal_act(sample.data, parse_xml(sample.data, XmlLimits()))


@pytest.mark.parametrize("sample", samples(), ids=lambda each: each.message.message_type)
def test_an_act_is_read_from_each_message(sample: Sample) -> None:
    act = act_in(sample)
    message = sample.message
    for name in ("message_id", "case_id", "message_type", "generation", "issued_at", "sender", "in_reply_to"):
        assert getattr(act, name) == getattr(message, name)


@pytest.mark.parametrize("text", ["", "0000-01-01", "2026-02-30", "2026-06-15T24:00:00Z"])
def test_a_day_that_is_none_loses_no_act(text: str) -> None:
    data = (FOLDER / "S06" / "02-arrest-notice.at.xml").read_bytes()
    changed = data.replace(b"2026-05-03T23:10:00Z", text.encode())
    assert changed != data
    act = read_legal_act(changed, parse_xml(changed, XmlLimits()))
    assert act.arrested_on == (date(2026, 6, 15) if text.startswith("2026-06") else None)


def test_acts_that_break_rules_are_read_like_the_others() -> None:
    for path in sorted(FOLDER.glob("S*/breaks.*.xml")):
        assert act_of(path).message_type


def test_every_field_is_said_by_some_message() -> None:
    """A name that is misspelt in the reader would stay empty for ever."""
    nothing = {each.name: each.default for each in fields(LegalAct)}
    acts = [act_in(each) for each in samples()]
    acts += [act_of(path) for path in sorted(FOLDER.glob("S*/[0-9m]*.xml"))]
    assert {each.message_type for each in acts} == set(MESSAGE_TYPES)
    silent = {
        name for name, default in nothing.items() if all(getattr(each, name) == default for each in acts)
    }
    assert silent == set()


def test_the_digest_is_that_of_the_signed_bytes() -> None:
    path = FOLDER / "S01" / "mla-request.xml"
    data = path.read_bytes()
    spaced = data + b"\n"
    one, other = (read_legal_act(each, parse_xml(each, XmlLimits())) for each in (data, spaced))
    assert one.digest != other.digest
    assert one.asked == other.asked


def test_what_a_case_turns_on_is_read() -> None:
    request = act_of(FOLDER / "S01" / "mla-request.xml")
    assert [(each.measure_id, each.kind) for each in request.asked] == [
        ("M1", "ESD_ACCESS"),
        ("M2", "SEARCH_SEIZURE"),
    ]
    assert [code for _, code in request.relates_to] == ["FOLLOWS_PRESERVATION"]
    served = act_of(FOLDER / "S08" / "01-service-request.pl.xml")
    assert [(each.measure_id, each.kind) for each in served.asked] == [
        ("M1", "SERVICE_DOCUMENTS"),
        ("M2", "SERVICE_DOCUMENTS"),
    ]
    decision = act_of(FOLDER / "S02" / "03-decision.gb.xml")
    assert [(each.measure_id, each.code) for each in decision.says] == [
        ("M1", "ACCEPTED_WITH_CONDITIONS"),
        ("M2", "ACCEPTED_WITH_CONDITIONS"),
    ]
    result = act_of(FOLDER / "S13" / "04-result-transmission.co.xml")
    assert (result.items_to_return, result.flag) == (("I1",), False)
    returned = act_of(FOLDER / "S13" / "07-return-notice.mx.xml")
    assert [(each.message_id, each.local_id) for each in returned.references] == [(result.message_id, "I1")]
    arrest = act_of(FOLDER / "S06" / "02-arrest-notice.at.xml")
    assert arrest.arrested_on == date(2026, 5, 3)
