"""How far a request is: what is open, section by section."""

from dataclasses import dataclass

from emla.writing.answers import Answers
from emla.writing.interview import Interview
from emla.writing.questions import Question


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """How far one section is."""

    name: str
    answered: int
    open: tuple[Question, ...]
    """What a person still has to answer."""

    @property
    def missing(self) -> tuple[Question, ...]:
        """What the request cannot do without."""
        return tuple(each for each in self.open if each.required)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the whole is."""

    sections: tuple[Section, ...]

    @property
    def percent(self) -> int:
        """Answered of what is asked now. More may be asked later: answers lead to questions."""
        answered = sum(each.answered for each in self.sections)
        all_ = answered + sum(len(each.open) for each in self.sections)
        return 100 * answered // all_ if all_ else 100


def progress_of(interview: Interview, answers: Answers) -> Progress:
    """See how far a request is."""
    by_section: list[list[Question]] = [[] for _ in interview.sections]
    answered = [0] * len(by_section)
    for question in interview.questions(answers):
        if question.is_open(answers):
            by_section[question.section].append(question)
        elif question.path in answers:
            answered[question.section] += 1
    return Progress(
        sections=tuple(
            Section(name=name, answered=answered[number], open=tuple(by_section[number]))
            for number, name in enumerate(interview.sections)
        )
    )
