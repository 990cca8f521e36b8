"""Each message has a sample in schemas/samples/messages that is valid, with true files, as three processors say."""

import re

import pytest
from lxml import etree

from emla.formats.xml import qualified_name
from emla.model.limits import XmlLimits
from emla.steps.validate import check_parts, validate
from tests.support.sample_case import schemas
from tests.support.sample_messages import FILES, Sample, samples
from tests.support.second_opinions import second_opinion, verdicts, xmllint_accepts

COMMON = "{urn:emla:common:1}"


def file_name(message_type: str) -> str:
    """``MLARequest`` to ``mla-request.xml``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", message_type).lower() + ".xml"


def test_every_message_has_its_sample() -> None:
    expected = {file_name(etree.QName(root).localname) for root in schemas().roots}
    assert {path.name for path in FILES} == expected
    assert {f"{{{each.message.namespace}}}{each.message.message_type}" for each in samples()} == set(
        schemas().roots
    )


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.path.stem)
def test_a_sample_is_what_may_be_sent(sample: Sample) -> None:
    valid = validate(
        sample.data, schemas=schemas(), limits=XmlLimits(), sender=sample.message.sender, recipient=None
    )
    assert valid.findings == ()
    assert check_parts(sample.message, sample.parts()) == ()
    assert second_opinion().is_valid(sample.data)


@pytest.mark.needs("xmllint")
def test_xmllint_accepts_every_sample() -> None:
    assert xmllint_accepts(FILES) == dict.fromkeys(FILES, True)


def test_answers_name_a_message_of_the_same_case() -> None:
    by_id = {each.message.message_id: each.message for each in samples()}
    answered = [each.message for each in samples() if each.message.in_reply_to in by_id]
    assert len(answered) > 25
    for answer in answered:
        assert answer.in_reply_to is not None
        assert by_id[answer.in_reply_to].case_id == answer.case_id, answer.message_type


def _own_elements(root: etree._Element) -> list[int]:
    """Numbers of the elements that this message alone has; those it shares are turned over in the request of S01."""
    own = f"{{{etree.QName(root).namespace}}}"
    return [
        number
        for number, element in enumerate(root.iter("*"))
        if number and qualified_name(element).startswith(own)
    ]


def test_both_processors_agree_when_an_element_of_any_message_is_taken_out_or_doubled() -> None:
    """Some 500 documents: no smaller number turns over each particle of each message once."""
    compared = accepted = 0
    for sample in samples():
        for number in _own_elements(etree.fromstring(sample.data)):
            without, doubled = etree.fromstring(sample.data), etree.fromstring(sample.data)
            element = list(without.iter("*"))[number]
            parent = element.getparent()
            assert parent is not None
            parent.remove(element)
            again = list(doubled.iter("*"))[number]
            again.addnext(etree.fromstring(etree.tostring(again, with_tail=False)))
            for said, root in (("without", without), ("with two of", doubled)):
                first, second = verdicts(etree.tostring(root))
                assert first == second, f"{sample.path.name} {said} {qualified_name(element)}"
                compared += 1
                accepted += first
    assert compared > 450
    assert accepted > 100
