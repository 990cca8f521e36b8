import re

import pytest

from emla.formats.schema import Schemas
from emla.formats.schematron import MORE
from emla.model.errors import InvalidMessageError
from emla.model.findings import Finding
from emla.model.limits import XmlLimits
from emla.steps.validate import IDENTITY_FINDINGS_MAX, check_parts, judge, read, validate
from tests.support.sample_case import changed, refusal, s01, schemas, validated
from tests.support.sample_messages import FOLDER

PARTS = [(a.file_name, a.size_bytes, a.sha256) for a in validated(s01()).message.attachments]


def rules_and_paths(data: bytes) -> list[tuple[str, str]]:
    code, findings = refusal(data)
    assert code == "invalid-message"
    return [(finding.rule, finding.path.rpartition("/")[2]) for finding in findings]


def test_a_valid_message_keeps_its_exact_bytes() -> None:
    valid = validated(s01())
    assert valid.data == s01()
    assert valid.findings == ()
    assert valid.message.recipient == "nl.moj"


def test_the_recipient_is_only_compared_where_the_caller_knows_it() -> None:
    valid = validate(s01(), schemas=schemas(), limits=XmlLimits(), sender="jp.moj", recipient=None)
    assert valid.message.recipient == "nl.moj"


def test_malformed_and_invalid_documents_have_different_codes() -> None:
    assert refusal(b"<a>")[0] == "malformed-xml"
    assert refusal(b"<a/>")[0] == "invalid-message"


@pytest.mark.parametrize("document", [b"<a>", b"<a/>"])
def test_what_is_wrong_with_one_of_several_is_said_when_it_is_judged(document: bytes) -> None:
    several = [read(each, schemas=schemas(), limits=XmlLimits()) for each in (document, s01())]
    with pytest.raises(InvalidMessageError) as caught:
        judge(several[0], schemas=schemas(), sender="jp.moj", recipient=None)
    assert (caught.value.code, caught.value.findings) == refusal(document)
    assert judge(several[1], schemas=schemas(), sender="jp.moj", recipient=None) == validated(s01())


def test_all_findings_come_at_once_sorted_by_line() -> None:
    data = changed("<MessageType>MLARequest<", "<MessageType>Decision<").replace(b"jp.moj<", b"jp.other<")
    data = data.replace(b"<AttachmentId>A-CAPTURE<", b"<AttachmentId>A-ORDER<")
    code, findings = refusal(data)
    assert code == "invalid-message"
    assert [finding.rule for finding in findings] == ["BR-001", "BR-002", "BR-056"]
    assert [finding.line for finding in findings] == sorted(finding.line or 0 for finding in findings)
    assert all(finding.source and finding.message.endswith(".") for finding in findings)


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("6f1c0a9de25b47c38b1f6a0d94e7c215", "0" * 32, ("BR-001", "MessageId")),
        ("b84e19d07a3c4f62a5d8017fce93b640", "ab" * 16, ("BR-001", "CaseId")),
        ("<MessageType>MLARequest<", "<MessageType>Decision<", ("BR-001", "MessageType")),
        (">jp.moj<", ">jp.mofa<", ("BR-002", "AuthorityId")),
        (">nl.moj<", ">be.moj<", ("BR-002", "AuthorityId")),
        ("<AttachmentId>A-CAPTURE<", "<AttachmentId>A-ORDER<", ("BR-056", "AttachmentId")),
        ("<FileName>court-order.en.pdf<", "<FileName>Court-Order.ja.PDF<", ("BR-056", "FileName")),
        ("<FileName>court-order.en.pdf<", "<FileName>a/b.pdf<", ("BR-056", "FileName")),
        ("<FileName>court-order.en.pdf<", "<FileName>a\\b.pdf<", ("BR-056", "FileName")),
        ("<FileName>court-order.en.pdf<", "<FileName>..<", ("BR-056", "FileName")),
        ("<FileName>court-order.en.pdf<", "<FileName>a\u202efdp.exe<", ("BR-056", "FileName")),
        ("<FileName>court-order.en.pdf<", "<FileName>a\u0085.pdf<", ("BR-056", "FileName")),
        ("<TranslationOf>A-ORDER<", "<TranslationOf>A-NONE<", ("BR-056", "TranslationOf")),
        ("<TranslationOf>A-ORDER<", "<TranslationOf>A-ORDER-EN<", ("BR-056", "TranslationOf")),
    ],
)
def test_identity_rules_name_their_place(old: str, new: str, found: tuple[str, str]) -> None:
    assert rules_and_paths(changed(old, new)) == [found]


def test_thousands_of_findings_about_identity_are_counted_out() -> None:
    text = s01().decode()
    block = text[text.index("<Attachment>") : text.index("</Attachment>") + len("</Attachment>")]
    code, findings = refusal(changed(block, block * (IDENTITY_FINDINGS_MAX // 2 + 2)))
    assert code == "invalid-message"
    assert len(findings) == IDENTITY_FINDINGS_MAX + 1
    assert findings[0].rule == "BR-056"
    assert findings[-1] == MORE


def test_a_message_cannot_answer_itself() -> None:
    before = "<RelatesTo>"
    reply = "<InReplyTo>6f1c0a9de25b47c38b1f6a0d94e7c215</InReplyTo>"
    assert rules_and_paths(changed(before, reply + before)) == [("BR-001", "InReplyTo")]


def _sample(name: str, old: str, new: str) -> tuple[str, tuple[Finding, ...]]:
    """What is said of a sample in which a text was replaced wherever it stands."""
    data = (FOLDER / f"{name}.xml").read_text(encoding="utf-8")
    assert re.search(old, data)
    return refusal(re.sub(old, new, data).encode(), sender="rs.moj", recipient="at.moj")


def test_an_answer_must_say_what_it_answers() -> None:
    code, findings = _sample("status-inquiry", "<InReplyTo>.*</InReplyTo>", "")
    assert code == "invalid-message"
    assert [(each.rule, each.path) for each in findings] == [("BR-001", "/StatusInquiry/MessageHeader")]
    assert "InReplyTo" in findings[0].message
    assert _sample("use-consent-request", "<InReplyTo>.*</InReplyTo>", "") == ("", ())


def test_a_draft_has_a_header_of_its_own() -> None:
    place = "/DraftForConsultation/Draft/MLARequest/MessageHeader/"
    draft = "draft-for-consultation"
    _, findings = _sample(draft, "<MessageType>MLARequest<", "<MessageType>Decision<")
    assert [(each.rule, each.path) for each in findings] == [("BR-001", place + "MessageType")]
    _, findings = _sample(draft, "<MessageId>.*</MessageId>", f"<MessageId>{'12' * 15}ab</MessageId>")
    assert [(each.rule, each.path) for each in findings] == [("BR-001", place + "MessageId")]


def test_sender_and_recipient_must_differ_and_be_single_dotted() -> None:
    for data, sender in (
        (changed(">nl.moj<", ">jp.moj<"), "jp.moj"),
        (changed(">jp.moj<", ">jp..moj<"), "jp..moj"),
    ):
        with pytest.raises(InvalidMessageError) as caught:
            validate(data, schemas=schemas(), limits=XmlLimits(), sender=sender, recipient=None)
        assert [finding.rule for finding in caught.value.findings] == ["BR-002"]


def test_a_date_outside_python_is_refused_not_crashed_on() -> None:
    code, findings = refusal(changed("<IssuedAt>2026-", "<IssuedAt>0000-"))
    assert code == "invalid-message"
    assert findings[0].rule == "XSD-datatype"


def test_files_that_agree_with_the_message_give_no_finding() -> None:
    assert check_parts(validated(s01()).message, reversed(PARTS)) == ()


def test_missing_unnamed_doubled_and_different_files_are_each_named() -> None:
    order, translation, capture = PARTS
    parts = [
        (order[0], order[1] + 1, order[2]),
        (translation[0], translation[1], bytes(32)),
        translation,
        ("notes.txt", 1, bytes(32)),
    ]
    findings = check_parts(validated(s01()).message, parts)
    said = [finding.message for finding in findings]
    assert {finding.rule for finding in findings} == {"BR-056"}
    assert len(said) == 5
    assert "has 3178 bytes, but the message says 3177" in said[0]
    assert "another SHA-256" in said[1]
    assert "handed in twice" in said[2]
    assert "the message does not name it" in said[3]
    assert capture[0] in said[4]
    assert "was not handed in" in said[4]


def test_an_empty_schema_folder_knows_no_message(tmp_path: object) -> None:
    from pathlib import Path

    empty = Schemas(Path(str(tmp_path)))
    with pytest.raises(InvalidMessageError) as caught:
        validate(s01(), schemas=empty, limits=XmlLimits(), sender="jp.moj", recipient=None)
    assert caught.value.findings[0].rule == "XSD-unknown-message"
