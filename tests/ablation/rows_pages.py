"""Pages of messages: what may be hostile is shown, never run, and read by a process that can do nothing else.

Rules of the table: `safeguard`.
"""

from tests.ablation.safeguard import Safeguard

_PRESS = "tests/unit/sandbox/test_press.py"
_PAGE = "tests/unit/pages/test_page.py"

ROWS = (
    Safeguard(
        name="the press is confined before it reads a message",
        row="hostile messages",
        file="emla/sandbox/press_child.py",
        old="    confine(order.memory_bytes)\n",
        new="",
        held_by=(f"{_PRESS}::test_when_it_reads_the_document_it_can_open_nothing_any_more",),
    ),
    Safeguard(
        name="a page begins as its format begins",
        row="hostile messages",
        file="emla/sandbox/press.py",
        old="if not page.startswith(_BEGINS[form]):",
        new="if False:",
        held_by=(f"{_PRESS}::test_a_press_that_was_taken_over_cannot_hand_out_something_else",),
    ),
    Safeguard(
        name="a page hides and turns no text",
        row="hostile messages",
        file="emla/pages/words.py",
        old="each if each in kept or unicodedata.category(each) not in _HIDDEN else",
        new="each if kept is not None else",
        held_by=(
            f"{_PAGE}::test_hostile_text_stays_text",
            "tests/unit/pages/test_words.py::test_what_hides_or_turns_text_is_shown_by_its_number",
        ),
    ),
    Safeguard(
        name="a page loads nothing and runs nothing",
        row="hostile messages",
        file="emla/pages/html.py",
        old="default-src 'none'; style-src",
        new="style-src",
        held_by=(f"{_PAGE}::test_the_policy_allows_the_style_sheet_by_its_hash_and_nothing_else",),
    ),
    Safeguard(
        name="text between elements does not vanish from a page",
        row="hostile messages",
        file="emla/pages/page.py",
        old="        if own:\n",
        new="        if False:\n",
        held_by=(f"{_PAGE}::test_text_directly_between_elements_is_shown",),
    ),
    Safeguard(
        name="a letter without a font is reported",
        row="hostile messages",
        file="emla/sandbox/typesetter.py",
        old="return _compile(compiler, template, page, standard=True), ()",
        new="return _compile(compiler, template, page, standard=False), ()",
        held_by=(f"{_PRESS}::test_letters_without_a_font_are_reported",),
    ),
    Safeguard(
        name="a page of a message is for its reader alone",
        row="hostile messages",
        file="emla/cli/export_file.py",
        old="0o600 if private else 0o666",
        new="0o666",
        held_by=("tests/unit/cli/test_preview.py::test_a_page_is_written_for_its_reader_alone",),
    ),
)
