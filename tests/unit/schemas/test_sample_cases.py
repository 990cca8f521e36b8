"""Every file of a sample case is what its name promises, and the messages of a case fit together.

The names: ``NN-<message>.<country of the sender>.xml`` is valid and without findings, ``not-valid.<what>.xml`` is refused by the
pre-pass, the schema or the identity rules, ``breaks.BR-nnn.<what>.xml`` is valid by schema and breaks that rule.
"""

import hashlib
import re
import unicodedata
from pathlib import Path

import pytest

from emla.formats.message import read_message
from emla.formats.xml import parse_xml
from emla.model.errors import InvalidMessageError
from emla.model.findings import Finding
from emla.model.limits import XmlLimits
from emla.model.message import Message
from emla.model.terms import SENDING, Terms
from emla.rules.table import RULES
from emla.steps.validate import validate
from tests.support.sample_case import schemas
from tests.support.sample_cases import (
    FOLDER,
    NOT_HERE,
    SampleCase,
    Variant,
    cases,
    made_true,
    named_files,
)
from tests.support.second_opinions import verdicts, xmllint_accepts

MESSAGES = [path for case in cases() for path in case.messages]
VARIANTS = [variant for case in cases() for variant in case.variants]
REQUEST = "RECEIVED REFERRED UNDER_REVIEW AWAITING_SUPPLEMENT CONSULTATION AWAITING_CONDITIONS IN_EXECUTION POSTPONED REFUSED"
STATES = frozenset(
    f"{REQUEST} SUBMITTED PARTIALLY_EXECUTED RESULTS_SENT RESULTS_RECEIVED WITHDRAWAL_PENDING WITHDRAWN CLOSED"
    " REQUESTED PRESERVED EXTENDED FOLLOWUP_RECEIVED RELEASED DISCLOSED NOTICE_HIT PROVISIONAL_ARREST_REQUESTED ARRESTED"
    " FULL_REQUEST_RECEIVED DECIDED SURRENDER_DATE_SET SURRENDERED OFFERED_WITH_CONDITIONS CONDITIONS_ACCEPTED"
    " CONDITIONS_DECLINED TRANSMITTED ACKNOWLEDGED".split()
)
MEASURE_STATES = frozenset(
    (
        "REQUESTED",
        "ACCEPTED",
        "CONDITIONAL",
        "REFUSED",
        "POSTPONED",
        "IN_EXECUTION",
        "EXECUTED",
        "NOT_EXECUTED",
        "WITHDRAWN",
    )
)
LEFT_TO_THE_SCHEMA = {
    "BR-004", "BR-008", "BR-009", "BR-012", "BR-013", "BR-014", "BR-019", "BR-021a", "BR-021b", "BR-021c", "BR-021d",
    "BR-021e", "BR-021f", "BR-047", "BR-059a",
}  # fmt: skip
"""What lacks such a thing is refused by version 1.0 of the schema already: variants of S01, S06 and S13 show it."""


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def message_of(path: Path) -> Message:
    return read_message(parse_xml(path.read_bytes(), XmlLimits()))


def judged(data: bytes, terms: Terms = SENDING) -> tuple[str, tuple[Finding, ...]]:
    """Code of the refusal, or nothing, and all findings, as the sender's own gateway has them."""
    sender = re.search(rb"<Sender>.*?<AuthorityId>([^<]+)<", data, re.DOTALL)
    assert sender is not None
    try:
        valid = validate(
            data,
            schemas=schemas(),
            limits=XmlLimits(),
            sender=sender[1].decode(),
            recipient=None,
            terms=terms,
        )
    except InvalidMessageError as error:
        return error.code, error.findings
    return "", valid.findings


@pytest.mark.parametrize("path", MESSAGES, ids=name_of)
def test_a_message_of_a_case_has_no_findings(path: Path) -> None:
    assert judged(path.read_bytes()) == ("", ())


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: name_of(variant.path))
def test_a_variant_has_the_fault_in_its_name_and_no_other(variant: Variant) -> None:
    code, findings = judged(variant.path.read_bytes(), variant.terms)
    assert sorted({each.rule for each in findings}) == list(variant.rules)
    if variant.place is not None:
        assert [each.path for each in findings] == [variant.place]
    if variant.path.name.startswith("breaks."):
        rule = variant.path.name.split(".")[1]
        assert rule in variant.rules
        assert code == ("invalid-message" if any(each.blocks for each in findings) else "")
    else:
        assert variant.path.name.startswith("not-valid.")
        assert code == variant.code


def test_every_rule_has_a_variant_that_breaks_it() -> None:
    rules = {each.id for each in schemas().rules.checks()} | {each.id for each in RULES}
    broken = {rule for each in VARIANTS for rule in each.rules if each.path.name.startswith("breaks.")}
    assert rules - broken == LEFT_TO_THE_SCHEMA


def test_all_fifteen_cases_are_there_with_the_scripts_of_the_world() -> None:
    assert [case.folder.name for case in cases()] == [f"S{number:02d}" for number in range(1, 16)]
    text = "".join(path.read_text("utf-8") for path in MESSAGES)
    scripts = {unicodedata.name(each, "").partition(" ")[0] for each in text if ord(each) > 0x24F}
    assert scripts >= {"ARABIC", "CJK", "CYRILLIC", "DEVANAGARI", "SINHALA", "LATIN"}
    assert {unicodedata.bidirectional(each) for each in text} >= {"L", "AL"}
    marks = {each for each in text if unicodedata.decomposition(each) or unicodedata.combining(each)}
    assert len(marks) > 40


def test_both_processors_agree_on_every_file() -> None:
    for path in (*MESSAGES, *(each.path for each in VARIANTS)):
        data = path.read_bytes()
        if judged(data)[0] != "malformed-xml":
            first, second = verdicts(data)
            assert first == second, name_of(path)
            assert first or path.name.startswith("not-valid."), name_of(path)


@pytest.mark.needs("xmllint")
def test_xmllint_agrees_on_every_file() -> None:
    well_formed = [
        path
        for path in (*MESSAGES, *(each.path for each in VARIANTS))
        if judged(path.read_bytes())[0] != "malformed-xml"
    ]
    ours = {path: verdicts(path.read_bytes())[0] for path in well_formed}
    assert xmllint_accepts(ours) == ours


def test_every_folder_tells_its_case_and_every_file_has_a_place_in_it() -> None:
    folders = sorted(path for path in FOLDER.iterdir() if re.fullmatch(r"S\d\d", path.name))
    assert [case.folder for case in cases()] == folders
    for case in cases():
        assert case.title
        assert (case.folder / "README.md").read_text(encoding="utf-8").startswith(f"# {case.folder.name}: ")
        named = {name for path in case.messages for name, _, _ in named_files(path.read_text("utf-8"))}
        expected = {"README.md", "case.toml"} | {path.name for path in case.messages}
        expected |= {each.path.name for each in case.variants}
        found = {path.name for path in case.folder.iterdir()}
        assert expected <= found, case.folder.name
        assert found - expected <= named, case.folder.name
        assert {each.of for each in case.variants} <= {path.name for path in case.messages}


@pytest.mark.parametrize("path", MESSAGES, ids=name_of)
def test_sizes_and_hashes_are_those_of_the_files(path: Path) -> None:
    text = path.read_text("utf-8")
    attached = {each.file_name for each in message_of(path).attachments}
    assert attached <= {name for name, _, _ in named_files(text)}
    for name, size_bytes, digest in named_files(text):
        if name in NOT_HERE:
            continue
        data = (path.parent / name).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (size_bytes, digest), name
        if name.endswith(".pdf"):
            assert data.startswith(b"%PDF-1.")
            assert data.endswith(b"%%EOF\n")
    assert made_true(text, path.parent) == text


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.folder.name)
def test_the_messages_of_a_case_follow_one_another(case: SampleCase) -> None:
    assert [step.at for step in case.steps] == sorted(step.at for step in case.steps)
    earlier: dict[str, str] = {}
    known_cases: set[str] = set()
    for number, step in enumerate(case.steps, 1):
        assert (step.file is None) != (step.event is None)
        assert step.states, f"step {number} leads nowhere"
        assert set(step.states) <= STATES
        assert set(step.measures.values()) <= MEASURE_STATES
        if step.file is None:
            continue
        message = message_of(case.folder / step.file)
        assert (message.sender, message.recipient, message.issued_at) == (
            step.sender,
            step.recipient,
            step.at,
        )
        if message.in_reply_to is not None:
            assert earlier.get(message.in_reply_to.hex()) == message.case_id.hex(), step.file
        assert message.message_id.hex() not in earlier
        text = (case.folder / step.file).read_text("utf-8")
        related = re.findall(r"<RelatesTo>\s*<CaseId>(\w+)<", text)
        assert set(related) <= known_cases, step.file
        earlier[message.message_id.hex()] = message.case_id.hex()
        known_cases.add(message.case_id.hex())


def test_the_names_say_order_and_sender() -> None:
    for case in cases():
        numbered = [path.name for path in case.messages if path.name != "mla-request.xml"]
        assert numbered == sorted(numbered)
        for path in case.messages:
            message = message_of(path)
            kind = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", message.message_type).lower()
            if path.name != "mla-request.xml":  # the demo's request keeps its name
                country = message.sender.split(".")[0]
                assert re.fullmatch(rf"\d\d-{kind}\.{country}\.xml", path.name), name_of(path)
