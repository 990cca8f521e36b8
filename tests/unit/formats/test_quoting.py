"""What a sentence quotes of a document is short, stands on one line, and hides and turns nothing."""

import unicodedata

import pytest
from lxml import etree

from emla.formats.quoting import NAME_CHARACTERS_MAX, shown, shown_name
from tests.support.sample_case import changed, refusal

HIDDEN = "\u009b31m\u202e\u2066\u200b\u2028\ufeff"


@pytest.mark.parametrize(
    ("value", "quoted"),
    [
        ("plain", "plain"),
        ("two\n lines", "two lines"),
        ("x" * 81, "x" * 80 + "…"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("Ђ 汉 ş", "Ђ 汉 ş"),
    ],
)
def test_a_value_is_short_and_visible(value: str, quoted: str) -> None:
    assert shown(value) == quoted


def test_hidden_letters_become_visible() -> None:
    assert shown(HIDDEN + "x") == "?31m??? ?x"


def test_a_name_is_cut() -> None:
    assert shown_name(etree.Element("{urn:x}" + "N" * 300)) == "N" * NAME_CHARACTERS_MAX + "…"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<InstrumentCode>", f"<InstrumentCode>{HIDDEN}"),
        ("<Language>", f"<Language>{HIDDEN}"),
        ("<LegalBasis>", "<LegalBasis><A\ufffa\u2070/>"),
        ("<LegalBasis>", "<A\ufffa/><LegalBasis>"),
        ("<LegalBasis>", f"<{'N' * 40_000}/><LegalBasis>"),
        ("<LegalBasis>", "<LegalBasis \ufffa='1'>"),
        ('xmlns:r="urn:emla:request:1"', f'xmlns:r="urn:{HIDDEN}"'),
    ],
)
def test_no_finding_carries_what_hides_or_turns_text_or_is_endless(old: str, new: str) -> None:
    _, found = refusal(changed(old, new))
    assert found
    for each in found:
        words = f"{each.message}{each.path}"
        assert len(words) < 1000
        assert not [one for one in words if unicodedata.category(one) in ("Cc", "Cf", "Cn", "Zl", "Zp")]
