"""What is typed or pasted at a question is its answer, whole, or none."""

import os
from collections.abc import Iterator

import click
import pytest

from emla.cli.writer_files import check_file
from emla.cli.writer_lines import LINE_BYTES_MAX, Lines, NotTakenError
from emla.cli.writer_talk import Left, Talk
from tests.support.written import acceptance, interview


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """Where lines come out, and where they are put in."""
    out, into = os.pipe()
    yield out, into
    os.close(out)
    os.close(into)


def test_lines_that_come_at_once_are_given_back_together(terminal: tuple[int, int]) -> None:
    out, into = terminal

    def paste(_: str) -> str:
        os.write(into, "second\nthird ü\n".encode())
        return "first"

    assert Lines(edited=False, prompt=paste, descriptor=out).ask("?") == ["first", "second", "third ü"]


def test_a_pasted_text_of_several_lines_comes_whole_from_an_edited_line(terminal: tuple[int, int]) -> None:
    assert Lines(edited=True, prompt=lambda _: "a\nb", descriptor=terminal[0]).ask("?") == ["a", "b"]


def test_what_came_before_the_question_does_not_answer_it(terminal: tuple[int, int]) -> None:
    out, into = terminal
    os.write(into, b"yes\n")
    lines = Lines(edited=False, prompt=lambda _: "no", descriptor=out)
    with pytest.raises(NotTakenError, match="not taken: yes"):
        lines.ask("Death penalty possible?")
    assert lines.ask("Death penalty possible?") == ["no"]


@pytest.mark.parametrize("line", ["x" * LINE_BYTES_MAX, "ü" * (LINE_BYTES_MAX // 2 + 1)])
def test_a_line_that_the_terminal_may_have_cut_is_not_taken(line: str, terminal: tuple[int, int]) -> None:
    with pytest.raises(NotTakenError, match="@FILE"):
        Lines(edited=False, prompt=lambda _: line, descriptor=terminal[0]).ask("?")
    assert Lines(edited=True, prompt=lambda _: line, descriptor=terminal[0]).ask("?") == [line]
    shorter = line[:-1]
    assert Lines(edited=False, prompt=lambda _: shorter, descriptor=terminal[0]).ask("?") == [shorter]


def test_what_a_peer_says_of_itself_moves_no_cursor_in_a_question(terminal: tuple[int, int]) -> None:
    shown = list[str]()

    def prompt(words: str) -> str:
        shown.append(words)
        return ""

    Lines(edited=False, prompt=prompt, descriptor=terminal[0]).ask("Hours [\x1b[2J\x9b31m\u202eall day]")
    assert shown == ["Hours [\ufffd[2J\ufffd31m\ufffdall day]"]


def talk(*typed: str) -> tuple[dict[str, str], list[str]]:
    """Type at the questions of a new request, then stop; the answers, and the questions."""
    left, asked = list(typed), list[str]()

    def prompt(words: str) -> str:
        asked.append(words)
        if not left:
            raise click.Abort
        return left.pop(0)

    answers = dict[str, str]()
    lines = Lines(edited=True, prompt=prompt)
    with pytest.raises(Left):
        Talk(
            interview(), acceptance(), answers, save=lambda _: None, check_file=check_file, lines=lines
        ).run()
    return answers, asked


def test_a_paste_answers_a_question_for_a_text_and_no_other() -> None:
    (purpose,) = [each for each in interview().questions({}) if each.path == "Purpose"]
    answers, asked = talk(
        "Ministry\nHead of unit\n", f"={purpose.section + 1}", "To prove the offence\n\nbefore the court.\n"
    )
    assert len(asked) == 4
    assert asked[0] == asked[1], "several lines for one: asked again"
    assert list(answers.values()) == ["To prove the offence before the court."]


@pytest.mark.parametrize(
    "typed",
    ["9" * 5000, "=" + "9" * 5000, "~nobody-of-this-name/x", "@~nobody-of-this-name/x", "\udcff", "\x00"],
)
def test_whatever_is_typed_the_conversation_goes_on(typed: str) -> None:
    _, asked = talk(*(each for section in range(1, 14) for each in (f"={section}", typed)))
    assert len(asked) == 27
