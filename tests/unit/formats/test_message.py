from datetime import UTC, datetime, timedelta

import pytest

from emla.formats.message import attachment_elements, header_element, read_message
from emla.formats.xml import parse_xml
from emla.model.limits import XmlLimits
from emla.model.message import Message
from tests.support.sample_case import changed, s01


def read(data: bytes) -> Message:
    return read_message(parse_xml(data, XmlLimits()))


def test_the_header_is_read_into_bytes_and_utc() -> None:
    message = read(s01())
    assert message.message_type == "MLARequest"
    assert message.namespace == "urn:emla:request:1"
    assert message.message_id == bytes.fromhex("6f1c0a9de25b47c38b1f6a0d94e7c215")
    assert message.case_id == bytes.fromhex("b84e19d07a3c4f62a5d8017fce93b640")
    assert message.generation == 1
    assert message.issued_at == datetime(2026, 6, 22, 7, 30, tzinfo=UTC)
    assert message.issued_at.utcoffset() == timedelta(0)
    assert (message.sender, message.recipient, message.copy_to) == ("jp.moj", "nl.moj", ())
    assert message.requesting_reference == "MOJ-IAD-2026-0417"
    assert message.requested_reference is None
    assert message.in_reply_to is None
    assert (message.language, message.urgency) == ("en", "PRIORITY")
    assert message.signing_officer.name == "Tomoko Hayase"
    assert message.signing_officer.post == "Director, International Affairs Division"


def test_attachments_keep_their_order_and_their_translation() -> None:
    attachments = read(s01()).attachments
    assert [a.attachment_id for a in attachments] == ["A-ORDER", "A-ORDER-EN", "A-CAPTURE"]
    assert [a.translation_of for a in attachments] == [None, "A-ORDER", None]
    assert attachments[2].size_bytes == 20 * 1024 * 1024
    assert attachments[2].language == "zxx"
    assert all(len(a.sha256) == 32 for a in attachments)


def test_optional_references_are_read_where_they_are() -> None:
    after = "<RequestingReference>MOJ-IAD-2026-0417</RequestingReference>"
    more = f"<RequestedReference>NL 1</RequestedReference><InReplyTo>{'0a' * 16}</InReplyTo>"
    message = read(changed(after, after + more))
    assert message.requested_reference == "NL 1"
    assert message.in_reply_to == b"\x0a" * 16


def test_every_copy_is_read() -> None:
    text = s01().decode()
    sender = text[text.index("<Recipient>") : text.index("</Recipient>")].removeprefix("<Recipient>")
    copies = f"<CopyTo>{sender}</CopyTo>" + f"<CopyTo>{sender.replace('nl.moj', 'fr.moj')}</CopyTo>"
    message = read(changed("</Recipient>", f"</Recipient>{copies}"))
    assert message.copy_to == ("nl.moj", "fr.moj")


def test_values_are_read_whole_across_cdata_and_white_space() -> None:
    message = read(changed("<Name>Tomoko Hayase</Name>", "<Name> Tomoko\n <![CDATA[Hayase]]> </Name>"))
    assert message.signing_officer.name == "Tomoko Hayase"


def test_elements_can_be_named_for_findings() -> None:
    document = parse_xml(s01(), XmlLimits())
    assert header_element(document, "Sender", "AuthorityId").text == "jp.moj"
    assert [element.sourceline for element in attachment_elements(document)] == sorted(
        element.sourceline or 0 for element in attachment_elements(document)
    )


def test_only_the_white_space_of_xml_is_collapsed() -> None:
    message = read(changed("<Name>Tomoko Hayase</Name>", "<Name>\tTomoko\u00a0Hayase \r\n MA</Name>"))
    assert message.signing_officer.name == "Tomoko\u00a0Hayase MA"


def test_what_a_valid_message_cannot_lack_is_not_read_as_empty() -> None:
    with pytest.raises(KeyError, match="SigningOfficer/Name"):
        read(changed("<Name>Tomoko Hayase</Name>", ""))
