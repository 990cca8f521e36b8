"""Names, values and hidden characters in words a person reads."""

import pytest

from emla.pages.words import label_of, runs_right_to_left, size_words, visible


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("WhyNotInPerson", "Why not in person"),
        ("MLARequest", "MLA request"),
        ("JITBlock", "JIT block"),
        ("Sha256", "SHA-256"),
        ("x", "X"),
        ("Имя", "Имя"),
    ],
)
def test_a_name_becomes_words(name: str, label: str) -> None:
    assert label_of(name) == label


def test_what_hides_or_turns_text_is_shown_by_its_number() -> None:
    assert visible("pay\u202egpj.exe") == "pay⟨U+202E⟩gpj.exe"
    assert visible("a\u2066b\u2069\u200b\ufeff") == "a⟨U+2066⟩b⟨U+2069⟩⟨U+200B⟩⟨U+FEFF⟩"
    assert visible("a\x07b\u2028c") == "a⟨U+0007⟩b⟨U+2028⟩c"


def test_joiners_and_marks_stay_in_prose_and_show_in_identifiers() -> None:
    persian = "می\u200cخواهم"
    assert visible(persian) == persian
    assert visible("de\u200d.bfj", exact=True) == "de⟨U+200D⟩.bfj"


def test_direction_goes_by_the_first_letter_that_has_one() -> None:
    assert runs_right_to_left("«123» الشمري kingfisher")
    assert not runs_right_to_left("kingfisher الشمري")
    assert not runs_right_to_left("123")


def test_a_size_is_also_said_in_binary_units() -> None:
    assert (size_words(1023), size_words(20 * 1024**2)) == ("", "20.0 MiB")
