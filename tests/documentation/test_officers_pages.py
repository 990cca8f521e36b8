"""The pages that officers print have what a printed page must have, and what is printed there can be taken from them."""

import re

import pytest

from tests.support.pages import HOW_TO, OFFICERS_PAGES, PLACEHOLDER, Page, commands_of, filled

PAGES = (*OFFICERS_PAGES, "use-a-hardware-token")


def text_of(name: str) -> str:
    return (HOW_TO / f"{name}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [each for each in PAGES if each != "unlock-at-start"])
def test_a_page_says_when_who_what_is_needed_and_what_can_go_wrong(name: str) -> None:
    text = text_of(name)
    for row in ("| **When** |", "| **Who** |", "| **You need** |"):
        assert row in text
    assert "## What can go wrong" in text


@pytest.mark.parametrize("name", PAGES)
def test_every_placeholder_of_a_command_is_explained_or_stands_on_a_screen(name: str) -> None:
    text = text_of(name)
    prose = re.sub(r"^ *```.*?^ *```", "", text, flags=re.MULTILINE | re.DOTALL)
    asked = {found for command in commands_of(name) for found in PLACEHOLDER.findall(command)}
    # The number of a change is what the screen before shows; everything else is said in words.
    assert {word for word in asked if not word.startswith("CHANGE") and word not in prose} == set()


def test_a_command_that_nobody_has_done_is_seen() -> None:
    page = Page("stolen-key")
    assert page.left == list(page.commands)
    page.done = set(range(1, len(page.commands)))
    assert page.left == [page.commands[0]]


def test_what_its_reader_does_not_know_yet_is_not_guessed() -> None:
    assert (
        filled("emla card approve CHANGE-1 CHANGE", {"CHANGE-1": "a1", "CHANGE": "b2"})
        == "emla card approve a1 b2"
    )
    with pytest.raises(KeyError):
        filled("emla keys revoke KID out.json", {"CHANGE": "b2"})
