"""An officer decides at a real terminal: only what is needed is asked, with its source."""

import shutil
from pathlib import Path

from emla.formats.xml import parse_xml
from emla.model.limits import XmlLimits
from tests.support.commands import start_emla
from tests.support.officer import Officer
from tests.support.sample_cases import FOLDER
from tests.support.servers import ROOT
from tests.support.written import COMPILED

ANSWERS = {
    "Measure decision 2: Decision outcome": "REFUSED",
    "Ground code": "DUAL_CRIMINALITY",
    "Measure decision 2: Reason text": "It is no offence here.",
    "Was there a consultation before": "no",
    "Why there was no consultation": "The ground admits of no condition.",
    "Signing officer: Name": "Marieke van der Velde",
    "Signing officer: Post": "Senior adviser",
    "Signing place": "The Hague",
}


def test_a_decision_asks_for_what_the_options_left_open_and_for_nothing_that_the_case_knows(
    tmp_path: Path,
) -> None:
    case = tmp_path / "case"
    case.mkdir()
    for name in ("mla-request.xml", "04-receipt-confirmation.nl.xml"):
        shutil.copy(FOLDER / "S01" / name, case)
    words = ("case", "act", "b84e19d0", "decide", "--as", "nl.moj", "--documents", str(case))
    said = ("--set", "MeasureDecision[1]/DecisionOutcome=ACCEPTED", "--draft", str(tmp_path / "draft"))
    environment = {"PYTHONPATH": str(ROOT), "HOME": str(tmp_path), "TERM": "dumb"}
    child = start_emla(*words, *said, environment=environment, folder=tmp_path)
    officer = Officer(data=tmp_path / "none", folder=tmp_path)
    assert officer.write(child, ANSWERS) == 0, officer.screen[-3000:]
    document = parse_xml((tmp_path / "draft" / "message.xml").read_bytes(), XmlLimits())
    assert COMPILED.validate(document) == ()
    outcomes = [each.text for each in document.root.iterfind("{*}MeasureDecision/{*}DecisionOutcome")]
    assert outcomes == ["ACCEPTED", "REFUSED"]
    asked = " ".join(officer.asked)
    assert "Reference" not in asked
    assert "Recipient" not in asked
    assert len(officer.asked) < 20, officer.asked
    shown = " ".join(officer.screen.split())
    assert "nl.moj says decide (Decision) to jp.moj about the MLARequest MOJ-IAD-2026-0417 of jp.moj" in shown

    # Who signed is offered the next time.
    shutil.rmtree(tmp_path / "draft")
    child = start_emla(*words, *said, environment=environment, folder=tmp_path)
    again = Officer(data=tmp_path / "none", folder=tmp_path)
    assert again.write(child, {"Signing officer": ""} | dict(list(ANSWERS.items())[:5])) == 0, again.screen[
        -3000:
    ]
    assert "Signing officer: Name [Marieke van der Velde]" in " ".join(again.screen.split())


def test_a_conversation_that_was_left_goes_on_with_what_was_said(tmp_path: Path) -> None:
    case = tmp_path / "case"
    case.mkdir()
    for name in ("mla-request.xml", "04-receipt-confirmation.nl.xml"):
        shutil.copy(FOLDER / "S01" / name, case)
    words = ("case", "act", "b84e19d0", "decide", "--as", "nl.moj", "--documents", str(case))
    said = ("--draft", str(tmp_path / "draft"))
    environment = {"PYTHONPATH": str(ROOT), "HOME": str(tmp_path), "TERM": "dumb"}
    child = start_emla(*words, *said, environment=environment, folder=tmp_path)
    officer = Officer(data=tmp_path / "none", folder=tmp_path)
    answers = {"Measure decision 1: Decision outcome": "ACCEPTED", **ANSWERS}
    assert officer.write(child, answers, kill_at="Ground code") < 0
    (kept,) = (tmp_path / ".local" / "state" / "emla" / "acts").glob("*.answers.json")
    assert kept.stat().st_mode & 0o077 == 0

    child = start_emla(*words, *said, "--answers", str(kept), environment=environment, folder=tmp_path)
    again = Officer(data=tmp_path / "none", folder=tmp_path)
    assert again.write(child, answers) == 0, again.screen[-3000:]
    assert not [each for each in again.asked if "Decision outcome" in each]
    document = parse_xml((tmp_path / "draft" / "message.xml").read_bytes(), XmlLimits())
    outcomes = [each.text for each in document.root.iterfind("{*}MeasureDecision/{*}DecisionOutcome")]
    assert outcomes == ["ACCEPTED", "REFUSED"]
