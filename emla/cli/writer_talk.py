"""The conversation of `emla message new`: one question after another, each answer saved before the next is asked.

Here: what is shown and typed. Not here: which questions there are (`emla.writing`), files and the end (`writer_finish.py`).

Rules of this file:
- Whatever ends the conversation (Ctrl-C, a closed terminal, a crash) ends it between two questions: no answer is lost.
- A command is one sign alone on the line, so that no answer needs quoting; a backslash before it makes it an answer.
"""

import re
from collections.abc import Callable
from pathlib import Path

import click

from emla.cli import screen
from emla.cli.writer_lines import Lines, NotTakenError
from emla.writing.accept import Acceptance, Unacceptable
from emla.writing.answers import NO, YES, Answers
from emla.writing.interview import Interview
from emla.writing.progress import progress_of
from emla.writing.questions import Kind, Question

OPTIONS_SHOWN_MAX = 10
_TEXT_FILE_BYTES_MAX = 64 * 1024
_FILE_SIGN = "@"
_SHOWN_MAX = 200
_SECTION = re.compile(r"= ?[0-9]{1,3}")
HELP = (
    "Enter takes what stands in brackets, or leaves out what is not needed.\n"
    "  ?      why this is asked, and which answers there are\n"
    "  <  >   back to the question before; leave this one for later\n"
    "  =  =4  all sections and what is missing; go to section 4\n"
    "  !      stop; everything is saved\n"
    "  @FILE  takes a long text from a file"
)
"""Fits a terminal of 80 columns."""

Save = Callable[[dict[str, str]], None]
CheckFile = Callable[[str, Answers, str], str]
"""From what was typed, all answers and the place, to the path to keep; raises `Unacceptable`."""


class Left(Exception):
    """The person stops for now."""


class Talk:
    """One conversation."""

    def __init__(
        self,
        interview: Interview,
        acceptance: Acceptance,
        answers: dict[str, str],
        *,
        save: Save,
        check_file: CheckFile,
        lines: Lines,
    ) -> None:
        """Take what was answered earlier.

        Args:
            interview: what is asked.
            acceptance: what will do.
            answers: what was answered; changed as the conversation goes.
            save: makes the answers durable.
            check_file: judges the path of a file.
            lines: reads what is typed.
        """
        self._interview, self._acceptance, self.answers = interview, acceptance, answers
        self._save, self._check_file, self._lines = save, check_file, lines
        self._later: set[str] = set()
        self._at: str | None = None
        """The place to ask for next, where it is not the first open one."""
        self._reviewed: int | None = None
        """The section that is being gone through again."""
        self._shown_section: int | None = None

    def run(self) -> None:
        """Ask until everything is answered.

        Raises:
            Left: the person stops; everything is saved.
        """
        while question := self._next():
            self._show_section(question)
            try:
                typed = self._prompt(question)
            except NotTakenError as problem:
                screen.note(f"  {problem}", style="yellow")
                continue
            except click.Abort:
                raise Left from None
            if typed == "!":
                raise Left
            if not self._command(question, typed):
                self._answer(question, typed)

    def _asked(self) -> list[Question]:
        return [each for each in self._interview.questions(self.answers) if each.kind is not Kind.COMPUTED]

    def _next(self) -> Question | None:
        asked = self._asked()
        if self._at is not None:
            chosen = next((each for each in asked if each.path == self._at), None)
            if chosen is not None:
                return chosen
            self._at = self._reviewed = None
        open_ = [each for each in asked if each.is_open(self.answers)]
        first = next((each for each in open_ if each.path not in self._later), None)
        if first is None and open_:
            screen.note("What was left for later:", style="bold")
            self._later.clear()
            first = open_[0]
        return first

    def _show_section(self, question: Question) -> None:
        if question.section == self._shown_section:
            return
        self._shown_section = question.section
        progress = progress_of(self._interview, self.answers)
        name = self._interview.sections[question.section]
        number, all_ = question.section + 1, len(self._interview.sections)
        screen.note(f"\n== {number}/{all_} {name} ({progress.percent} % answered) ==", style="bold")

    def _prompt(self, question: Question) -> str:
        options = question.options or question.suggestions
        codes = {each.code for each in options}
        if codes != {YES, NO} and len(options) <= OPTIONS_SHOWN_MAX:
            for number, option in enumerate(options[:OPTIONS_SHOWN_MAX], 1):
                screen.note(f"  {number:2} {option.code}  {option.words}")
        shown = self._current(question)
        brackets = f" [{shown}]" if shown else "" if question.required else " [leave out]"
        hint = f" (? lists {len(options)} answers)" if len(options) > OPTIONS_SHOWN_MAX else ""
        yes_no = " (yes/no)" if question.kind is Kind.GATE or codes == {YES, NO} else ""
        words = f"{question.words}{hint}{yes_no}{brackets}"
        # The answer has a line of its own: questions are long, and so are answers.
        lines = [line for each in self._lines.ask(words) if (line := each.strip())]
        if len(lines) > 1 and not _takes_a_text(question):
            raise NotTakenError(
                f"{len(lines)} lines came at once, and this is answered in one: nothing was taken."
            )
        return " ".join(lines)

    def _current(self, question: Question) -> str:
        """What Enter takes: the answer there is, else the default."""
        return self.answers.get(question.path, "") or question.default

    def _command(self, question: Question, typed: str) -> bool:
        if typed == "?":
            self._explain(question)
        elif typed == "<":
            self._back(question)
        elif typed == ">":
            self._later.add(question.path)
            self._at = self._after(question) if self._reviewed is not None else None
        elif typed == "=":
            self._show_progress()
        elif _SECTION.fullmatch(typed):
            self._jump(int(typed[1:]))
        else:
            return False
        return True

    def _answer(self, question: Question, typed: str) -> None:
        typed = (
            typed[1:] if typed[:1] == "\\" and typed[1:2] in "?<>=!@" else self._from_file(question, typed)
        )
        text = typed or self._current(question)
        try:
            if question.kind is Kind.FILE and text:
                answer = self._check_file(text, self.answers, question.path)
            else:
                answer = self._acceptance.accept(question, text, self.answers)
        except Unacceptable as problem:
            screen.note(f"  {problem}", style="yellow")
            return
        if typed and answer != typed and len(answer) <= _SHOWN_MAX:
            screen.note(f"  = {answer}", style="dim")
        if self.answers.get(question.path) != answer:
            self.answers[question.path] = answer
            self._save(self.answers)
        self._at = self._after(question) if self._reviewed is not None else None

    def _from_file(self, question: Question, typed: str) -> str:
        if not typed.startswith(_FILE_SIGN) or not _takes_a_text(question):
            return typed
        path = Path(typed[1:].strip())
        try:
            path = path.expanduser()
            with path.open("rb") as file:
                data = file.read(_TEXT_FILE_BYTES_MAX + 1)
            if len(data) > _TEXT_FILE_BYTES_MAX:
                raise ValueError
            return data.decode("utf-8")
        except (OSError, ValueError, RuntimeError):  # the last: whose folder ~name is, is not known
            screen.note(
                f"  {path} is not a text file of at most 64 KiB in UTF-8 that can be read.", style="yellow"
            )
            return "\0"

    def _after(self, question: Question) -> str | None:
        """The next place of the section that is gone through; none at its end."""
        paths = [each for each in self._asked() if each.section == self._reviewed]
        places = [each.path for each in paths]
        if question.path in places and places.index(question.path) + 1 < len(places):
            return places[places.index(question.path) + 1]
        self._reviewed = None
        return None

    def _back(self, question: Question) -> None:
        before = []
        for each in self._asked():
            if each.path == question.path:
                break
            if each.path in self.answers or self._reviewed == each.section:
                before.append(each.path)
        if before:
            self._at = before[-1]
        else:
            screen.note("  This is the first question.", style="yellow")

    def _jump(self, number: int) -> None:
        sections = [each for each in self._asked() if each.section == number - 1]
        if not sections:
            screen.note("  There is no such section, or nothing to ask in it.", style="yellow")
            return
        self._reviewed = number - 1
        self._at = sections[0].path
        self._shown_section = None

    def _explain(self, question: Question) -> None:
        if question.explanation:
            screen.note(f"  {question.explanation}")
        if question.source:
            screen.note(f"  Source: {question.source}")
        if question.multiple:
            screen.note("  Several answers are divided by semicolons.")
        for number, option in enumerate(question.options or question.suggestions, 1):
            screen.note(f"  {number:3} {option.code}  {option.words}")
        screen.note(HELP, style="dim")

    def _show_progress(self) -> None:
        progress = progress_of(self._interview, self.answers)
        rows = [
            (
                f"={number}",
                each.name,
                str(each.answered),
                str(len(each.open)),
                ", ".join(one.words for one in each.missing[:3]) + (" ..." if len(each.missing) > 3 else ""),
            )
            for number, each in enumerate(progress.sections, 1)
        ]
        screen.table(("", "Section", "Answered", "Open", "Missing"), rows, fold=("Missing",), on_error=True)
        screen.note(f"  {progress.percent} % of what is asked is answered.")


def _takes_a_text(question: Question) -> bool:
    """Whether an answer may be long, of several lines, or come from a file."""
    return question.type_name.endswith("}TextType")
