"""`emla case act`: what an officer says on one line becomes a message; what is wrong is said with rule, source and option."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from emla.cli.act_options import SAID, SWITCHES
from emla.formats.xml import XmlDocument, parse_xml
from emla.model.limits import XmlLimits
from emla.writing.act_meanings import EVERY, MEANINGS
from emla.writing.acts import ACTS
from tests.support.cli import Outcome, emla
from tests.support.sample_cases import FOLDER
from tests.support.written import COMPILED

S01 = FOLDER / "S01"
SIGNED = ("--signed-by", "Marieke van der Velde", "--post", "Senior adviser", "--at", "The Hague")


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """A folder with the messages of a case: the request, and its receipt."""
    folder = tmp_path / "case"
    folder.mkdir()
    for name in ("mla-request.xml", "04-receipt-confirmation.nl.xml"):
        shutil.copy(S01 / name, folder)
    (folder / "notes.xml").write_text("<notes>not ours</notes>")
    return folder


def said(case: Path, *words: str | Path, own: str = "nl.moj") -> Outcome:
    return emla("case", "act", "b84e19d0", *words, "--documents", case, "--as", own)


def written(case: Path, *words: str | Path, own: str = "nl.moj") -> XmlDocument:
    draft = case.parent / "draft"
    outcome = said(case, *words, *SIGNED, "--draft", draft, own=own)
    assert outcome.code == 0, outcome.err
    document = parse_xml((draft / "message.xml").read_bytes(), XmlLimits())
    assert COMPILED.validate(document) == ()
    return document


def texts(document: XmlDocument, path: str) -> list[str]:
    return [
        each.text or "" for each in document.root.iterfind("/".join("{*}" + one for one in path.split("/")))
    ]


def test_information_that_was_offered_is_sent_with_its_conditions_or_none_said_outright(
    tmp_path: Path,
) -> None:
    """As confidential as the offer was, whatever the answer to it says."""
    folder = tmp_path / "case"
    folder.mkdir()
    for name in ("01-spontaneous-information.sg.xml", "02-condition-response.au.xml"):
        shutil.copy(FOLDER / "S10" / name, folder)
    words = (
        "--documents",
        folder,
        "--as",
        "sg.agc",
        "--topic",
        "Gold",
        "--text",
        "It was bought in Perth.",
        *SIGNED,
    )
    outcomes = {
        said: emla("case", "act", "dfdaba3a", "inform", *words, *said, "--draft", tmp_path / str(len(said)))
        for said in ((), ("--no-conditions",), ("--condition", "INTELLIGENCE_ONLY=As intelligence only."))
    }
    assert [each.code for each in outcomes.values()] == [3, 3, 0]
    document = parse_xml((tmp_path / "2" / "message.xml").read_bytes(), XmlLimits())
    assert COMPILED.validate(document) == ()
    assert texts(document, "LegalBasis/InstrumentCode") == ["UNCAC"]
    assert texts(document, "Condition/UseLimit") == ["INTELLIGENCE_ONLY"]
    assert texts(document, "NatureOnly") == ["false"]
    assert texts(document, "Handling/ConfidentialityLevel") == ["CONFIDENTIAL"]


def test_a_decision_on_each_measure_with_its_ground_and_reasons(case: Path) -> None:
    document = written(
        case, "decide", "--measure", "M1=ACCEPTED", "--measure", "M2=REFUSED:DUAL_CRIMINALITY",
        "--reason", "M2=Not an offence here = no search.", "--no-consultation", "The ground admits of no condition.",
    )  # fmt: skip
    assert texts(document, "MeasureDecision/DecisionOutcome") == ["ACCEPTED", "REFUSED"]
    assert texts(document, "MeasureDecision/GroundCode") == ["DUAL_CRIMINALITY"]
    assert texts(document, "MeasureDecision/ReasonText") == ["Not an offence here = no search."]
    assert texts(document, "ConsultationHeld/ReasonIfNot") == ["The ground admits of no condition."]
    # What the case knows was not asked for.
    assert texts(document, "MessageHeader/RequestingReference") == ["MOJ-IAD-2026-0417"]
    assert texts(document, "MessageHeader/RequestedReference") == ["AIRS-2026-3391"]
    assert texts(document, "MessageHeader/InReplyTo") == ["6f1c0a9de25b47c38b1f6a0d94e7c215"]


def test_a_value_alone_is_said_of_all_measures_and_one_that_is_not_named_is_left_out(case: Path) -> None:
    document = written(case, "decide", "--measure", "ACCEPTED")
    assert texts(document, "MeasureDecision/MeasureId") == ["M1", "M2"]
    shutil.rmtree(case.parent / "draft")
    document = written(case, "decide", "--measure", "M2=ACCEPTED")
    assert texts(document, "MeasureDecision/MeasureId") == ["M2"]


def test_results_bring_their_files_with_hash_manifest_and_custody(case: Path) -> None:
    document = written(
        case, "results", "--measure", "M1=EXECUTED_FULL", "--item", "DATA=Access log", "--item", "RECORD=Customer record",
        "--holder", "Landelijk Parket", "--attach", S01 / "access.log", "--attach", f"I2={S01 / 'customer-record.csv'}",
        "--custody", "Tulip Hosting; De Wit; 2026-08-10 09:15Z; Order to produce",
        "--custody", "De Wit; Central Authority; 2026-08-12 13:00Z; Dispatch",
        "--custody", "I2=Tulip Hosting; Central Authority; 2026-08-12 13:00Z; Dispatch",
        "--set", "EvidenceItem[1]/ItemAttachment=A1",
    )  # fmt: skip
    assert texts(document, "HashManifest/HashEntry/FileName") == ["access.log", "customer-record.csv"]
    assert texts(document, "HashManifest/HashEntry/Sha256") == texts(document, "Attachment/Sha256")
    assert texts(document, "EvidenceItem/ItemAttachment") == ["A1", "A2"]
    assert texts(document, "ChainOfCustody/CustodyStep/HandedOverAt")[0] == "2026-08-10T09:15:00Z"
    assert texts(document, "Final") == ["false"]
    assert (case.parent / "draft" / "access.log").read_bytes() == (S01 / "access.log").read_bytes()


def test_what_is_recalled_is_named_as_what_it_is(case: Path) -> None:
    for each in S01.glob("09-*.xml"):
        shutil.copy(each, case)
    document = written(
        case, "recall", "--ground", "INCORRECT", "--action", "ERASE", "--item", "A-LOG", "--item", "I1",
        "--reason", "A wrong account.",
    )  # fmt: skip
    assert texts(document, "RecalledItem/AttachmentId") == ["A-LOG"]
    assert texts(document, "RecalledItem/ItemId") == ["I1"]


RECALL = ("recall", "--ground", "INCORRECT", "--action", "ERASE", "--item")


def test_what_is_named_is_looked_for_in_every_message_and_what_nobody_sent_is_refused(case: Path) -> None:
    for each in S01.glob("09-*.xml"):
        shutil.copy(each, case)
    (sent,) = case.glob("09-*.xml")
    result = texts(parse_xml(sent.read_bytes(), XmlLimits()), "MessageHeader/MessageId")
    for whole in (result[0], result[0][:12].upper()):
        document = written(case, *RECALL, whole)
        assert texts(document, "RecalledItem/InMessage") == result
        assert [str(each.tag).rpartition("}")[2] for each in document.root.iterfind("{*}RecalledItem/*")] == [
            "InMessage"
        ]
        shutil.rmtree(case.parent / "draft")
    document = written(
        case, "disclose", "--item", "A-LOG", "--court", "Tokyo", "--on", "2099-01-15", own="jp.moj"
    )
    assert texts(document, "AffectedItem/InMessage") == result
    shutil.rmtree(case.parent / "draft")
    # The holder's own request brought none of it: it is the other's, and not taken for something else.
    for item, own, rule in (
        ("NOPE", "nl.moj", "CA-018"),
        ("A-LOG", "jp.moj", "CA-015"),
        ("ffffffffffff", "nl.moj", "CA-018"),
    ):
        outcome = said(case, *RECALL, item, *SIGNED, "--draft", case.parent / "draft", "--json", own=own)
        error: Any = outcome.document["error"]
        assert outcome.code == 3
        assert [each["rule"] for each in error["findings"]] == [rule], outcome.out
        assert not (case.parent / "draft").exists()


def test_questions_are_asked_and_answered(case: Path) -> None:
    document = written(
        case, "ask", "--question", "On what does it rest?", "--question", "Who rents it?", "--ground", "Q1=NEXUS",
        "--ground", "Q2=MISSING", "--measure", "Q1=M2", "--due", "2099-01-15", "--suspended",
    )  # fmt: skip
    assert texts(document, "Question/QuestionReason") == ["NEXUS", "MISSING"]
    assert texts(document, "Question/MeasureId") == ["M2"]
    assert texts(document, "ExecutionSuspended") == ["true"]
    shutil.copy(case.parent / "draft" / "message.xml", case / "asked.xml")
    shutil.rmtree(case.parent / "draft")
    document = written(
        case, "answer", "--question", "Q1=On the findings.", "--question", "Q2=Nobody knows.",
        "--attach", f"Q1={S01 / 'traffic-findings.txt'}", own="jp.moj",
    )  # fmt: skip
    assert texts(document, "Answer/QuestionId") == ["Q1", "Q2"]
    assert texts(document, "Answer/AnswerAttachment") == ["A1"]
    assert texts(document, "Complete") == ["true"]


def test_answers_may_come_from_a_file(case: Path) -> None:
    file = case.parent / "said.toml"
    file.write_text('RequestedReference = "AIRS-1"\n[[MissingItem]]\nText = "The text of the law."\n')
    document = written(case, "confirm-receipt", "--answers", file)
    assert texts(document, "RequestedReference") == ["AIRS-1"]
    assert texts(document, "MissingItem/Text") == ["The text of the law."]


def test_the_list_says_what_is_possible_whose_turn_it_is_and_why_the_rest_is_not(case: Path) -> None:
    shown = said(case, own="jp.moj")
    assert "The other side's turn: review the request" in shown.out
    assert "withdraw" in shown.out.partition("Not now")[0]
    listed = said(case, "--json").document
    requests: Any = listed["requests"]
    (request,) = requests
    assert request["states"] == ["RECEIVED"]
    refused = {each["act"]: each for each in request["not_possible"]}
    assert refused["withdraw"]["rule"] == "BR-054"
    assert all(each["source"] and each["remedy"] for each in refused.values())
    assert {each["act"] for each in request["possible"]} | set(refused) == {each.verb for each in ACTS}


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("withdraw", "--yes"), 3, ("BR-054", "Only the requesting authority can say this.", "RECEIVED")),
        (("agree-to-close", "--yes"), 3, ("CA-005",)),
        (("decide", "--measure", "M1=REFUSED"), 3, ("GroundCode", "UNCAC 46(23)", "--ground", "--reason", "--no-consultation")),
        (("decide", "--measure", "M9=ACCEPTED"), 2, ("There is no measure M9: there is M1, M2.",)),
        (("decide", "--court", "Any"), 2, ("decide does not take --court",)),
        (("decid",), 2, ("Did you mean decide",)),
        (("decide", "--set", "Nothing=1", "--measure", "ACCEPTED"), 3, ("Nothing: is not asked for",)),
        (("results", "--measure", "M1=EXECUTED_FULL", "--attach", "/nowhere/file"), 2, ("/nowhere/file",)),
        (("results", "--measure", "M1=EXECUTED_FULL", "--custody", "a; b"), 2, ("FROM; TO; WHEN; WHY",)),
        (("confirm-receipt", "--reply-to", "ffff"), 3, ("ffff",)),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_what_mends_it_and_nothing_is_written(
    case: Path, words: tuple[str, ...], code: int, told: tuple[str, ...]
) -> None:
    draft = () if "--yes" in words else ("--draft", str(case.parent / "draft"))
    outcome = said(case, *words, *SIGNED, *draft)
    assert outcome.code == code or "--reply-to" in words, outcome.err
    assert outcome.code != 0
    for each in told:
        assert each in outcome.err.replace("\n", " "), outcome.err
    assert not (case.parent / "draft").exists()


def test_what_would_have_no_effect_now_is_refused_before_it_is_written(case: Path) -> None:
    (case / "04-receipt-confirmation.nl.xml").unlink()
    outcome = said(case, "agree-to-close", *SIGNED, "--draft", case.parent / "draft", "--json")
    error: Any = outcome.document["error"]
    (finding,) = error["findings"]
    assert finding["rule"] == "CA-005"
    assert "a request that is SUBMITTED" in finding["message"]


def test_what_is_in_it_is_judged_by_the_tables_before_it_is_sent(case: Path) -> None:
    words = ("results", "--measure", "M1=WITHDRAWN_BEFORE", *SIGNED, "--draft", case.parent / "draft")
    outcome = said(case, *words)
    assert outcome.code == 3
    assert "Only the requesting authority withdraws, and it has not." in outcome.err
    assert not (case.parent / "draft").exists()


def test_without_a_terminal_nothing_is_sent_that_was_not_agreed_to(case: Path) -> None:
    outcome = said(case, "decide", "--measure", "ACCEPTED", *SIGNED)
    assert outcome.code == 2
    assert "say --yes to send, or --draft DIR" in outcome.err


def test_what_the_gateway_does_not_take_is_kept_with_the_command_that_sends_it(
    case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMLA_DRAFTS", str(tmp_path / "state" / "drafts"))
    outcome = said(case, "decide", "--measure", "ACCEPTED", *SIGNED, "--yes", "--data", tmp_path / "none")
    assert outcome.code == 5, outcome.err
    (kept,) = (tmp_path / "state" / "acts").iterdir()
    assert f"emla message send {kept / 'message.xml'}" in outcome.err
    assert (kept / "message.xml").stat().st_mode & 0o077 == 0


def test_every_option_means_something_in_some_act_and_every_meaning_has_an_option() -> None:
    meant = {*EVERY, *(name for each in MEANINGS.values() for name in each)}
    assert meant == {*SAID, *SWITCHES}
    assert {each.message for each in ACTS} == set(MEANINGS)
