"""Row 69: XMLDSig wrapping inside the payload. It is an unverified attachment at most, and has no effect on identity."""

import pytest

from tests.support.sample_case import changed, refusal, s01, validated

DS = 'xmlns:ds="http://www.w3.org/2000/09/xmldsig#"'
SIGNED = (
    f"<ds:Signature {DS}><ds:SignedInfo/><ds:SignatureValue>AA==</ds:SignatureValue>{{inside}}</ds:Signature>"
)
OTHER = s01().decode().partition("?>\n")[2].replace("jp.moj", "kp.moj")


@pytest.mark.parametrize("inside", ["", f"<ds:Object>{OTHER}</ds:Object>"], ids=["beside", "wrapped"])
def test_a_signature_in_a_message_is_an_element_the_schema_does_not_know(inside: str) -> None:
    code, findings = refusal(changed("<SigningOfficer>", SIGNED.format(inside=inside) + "<SigningOfficer>"))
    assert code == "invalid-message"
    assert findings
    assert all(each.rule.startswith("XSD-") for each in findings)


def test_a_signature_around_a_message_is_no_message() -> None:
    _, findings = refusal(
        SIGNED.format(inside=f"<ds:Object>{s01().decode().partition('?>')[2]}</ds:Object>").encode()
    )
    assert [each.rule for each in findings] == ["XSD-unknown-message"]


def test_a_signature_that_is_attached_is_a_file_and_says_nothing_about_who_sends() -> None:
    described = changed("<DocumentType>EVIDENCE_FILE", "<DocumentType>OTHER").replace(
        b"application/vnd.tcpdump.pcap", b"application/xml"
    )
    message = validated(described).message
    assert message.sender == "jp.moj"
    assert message.signing_officer.name == "Tomoko Hayase"
    assert [each.media_type for each in message.attachments].count("application/xml") == 1
