"""The interview: from the schema, the plan and the answers so far to the questions, in order.

Here: `Interview`. Not here: what an acceptable answer is (`accept.py`), the document (`build.py`), how one asks (the command
line).

Rules of this file:
- The questions follow from the answers alone. Whoever asks takes the first that has no answer, and asks this again after each.
- Every place is asked once, in the first section that comes to it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from emla.formats.schema_index import Child, SchemaIndex
from emla.formats.schema_shape import Choice, SchemaShape
from emla.pages.words import label_of
from emla.writing.answers import NO, YES, Answers, Surroundings, at, form, gate, more, number_of
from emla.writing.conditions import block_of
from emla.writing.offers import Offers
from emla.writing.order import FIRST
from emla.writing.plan import Ask, Rule
from emla.writing.questions import Kind, Option, Question
from emla.writing.script import REQUEST, Script

REPEATED_MAX = 200
"""So many elements of one name are asked for; more are written with other tools."""
_TEXT = "TextType"
_HEADER = "MessageHeader"
"""Its parts are named by themselves: whoever writes does not know that there is a header."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Walk:
    """Where in the document the interview stands."""

    section: int
    owner: str
    """What the questions here are about, ``Person 2``."""


class Interview:
    """All questions of one message type."""

    def __init__(
        self,
        root: str,
        index: SchemaIndex,
        shape: SchemaShape,
        around: Surroundings,
        script: Script = REQUEST,
    ) -> None:
        """Take what does not change while it is asked.

        Args:
            root: qualified name of the message.
            index: the words of its schema.
            shape: the order of its schema.
            around: what is known without asking.
            script: what is asked of this kind of message, and what its case says already.
        """
        self.root, self._index, self._shape, self._around = root, index, shape, around
        self._script, self._offers = script, Offers(shape, around, script)
        self._root_type = index.elements[root].type_name

    @property
    def sections(self) -> tuple[str, ...]:
        """The names of the sections."""
        return tuple(name for name, _ in self._script.sections)

    def questions(self, answers: Answers) -> list[Question]:
        """All questions that these answers lead to, computed ones included; in the order in which they are asked."""
        found: dict[str, Question] = {}
        for section, (_, names) in enumerate(self._script.sections):
            for name in names:
                for question in self._section(section, name, answers):
                    found.setdefault(question.path, question)
        return list(found.values())

    def _section(self, section: int, name: str, answers: Answers) -> Iterator[Question]:
        walk = _Walk(section=section, owner="")
        if name == "Measure|":
            yield from self._measure_types(walk, answers)
        elif name:
            for element in self._children(self._root_type):
                if _local(element) == name:
                    yield from self._element(self._root_type, element, "", walk, answers)
        else:
            named = {each for _, names in self._script.sections for each in names}
            yield from self._content(self._root_type, "", walk, answers, without=named)

    def _measure_types(self, walk: _Walk, answers: Answers) -> Iterator[Question]:
        """The types of all measures, before anything else is asked about them."""
        for element in self._children(self._root_type):
            if _local(element) != "Measure":
                continue
            child = self._index.complex_types[self._root_type][element]
            (kind,) = [each for each in self._children(child.type_name) if _local(each) == "MeasureType"]
            for number in range(1, REPEATED_MAX + 1):
                place = f"Measure[{number}]"
                if number > 1:
                    rule = self._script.rule_for(_local(self._root_type), "Measure")
                    yield self._gate(place, child, walk, rule, answers)
                    if answers.get(gate(place)) != YES:
                        return
                inner = _Walk(section=walk.section, owner=f"Measure {number}")
                yield from self._element(child.type_name, kind, place, inner, answers)
                if not answers.get(at(place, "MeasureType")):
                    return

    def _children(self, type_name: str) -> Iterator[str]:
        for particle in self._shape.content[type_name]:
            if isinstance(particle, str):
                yield particle
            else:
                for branch in particle.branches:
                    yield from branch

    def _content(
        self,
        type_name: str,
        path: str,
        walk: _Walk,
        answers: Answers,
        without: frozenset[str] | set[str] = frozenset(),
    ) -> Iterator[Question]:
        """The questions of a type's content; those of particulars rarely needed come last, behind one question."""
        later: list[str] = []
        first = FIRST.get(_local(type_name), "")
        content = self._shape.content[type_name]
        for particle in sorted(content, key=lambda each: not isinstance(each, str) or _local(each) != first):
            if isinstance(particle, Choice):
                yield from self._choice(type_name, particle, path, walk, answers)
                continue
            if _local(particle) in without:
                continue
            child = self._index.complex_types[type_name][particle]
            if self._ask(type_name, child, path, answers) is Ask.MORE:
                later.append(particle)
            else:
                yield from self._element(type_name, particle, path, walk, answers)
        if later:
            yield from self._later(type_name, later, path, walk, answers)

    def _later(
        self, type_name: str, later: list[str], path: str, walk: _Walk, answers: Answers
    ) -> Iterator[Question]:
        names = ", ".join(label_of(_local(each)).lower() for each in later)
        subject = walk.owner or ("references" if path else self._script.subject)
        yield Question(
            path=more(path),
            section=walk.section,
            kind=Kind.GATE,
            words=f"More about {subject}? ({names})",
            explanation="Rarely needed. Answer yes to be asked for each of them.",
            required=False,
            default=NO,
            quiet=_local(type_name) not in self._script.more_often,
        )
        if answers.get(more(path)) == YES:
            for element in later:
                yield from self._element(type_name, element, path, walk, answers, asked_for=True)

    def _choice(
        self, type_name: str, choice: Choice, path: str, walk: _Walk, answers: Answers
    ) -> Iterator[Question]:
        if _local(type_name) == "MeasureType":
            chosen = block_of(answers, path)
        else:
            # A rule of the first form is one of the whole choice.
            rule = self._script.rule_for(_local(type_name), _local(choice.branches[0][0]))
            ask = (rule.ask or Ask.OFFER) if rule.when(answers, path) else rule.otherwise
            if ask is Ask.NEVER:
                return
            options = tuple(
                self._branch_option(type_name, branch)
                for branch in choice.branches
                if self._can_be_given(type_name, branch, path, answers)
            )
            yield Question(
                path=form(path),
                section=walk.section,
                kind=Kind.FORM,
                words=f"{walk.owner}: which of these" if walk.owner else "Which of these",
                required=choice.required or ask is Ask.MUST,
                default=self._offers.known(form(path)),
                options=options,
            )
            chosen = answers.get(form(path), "")
        for branch in choice.branches:
            if _local(branch[0]) == chosen:
                for element in branch:
                    yield from self._element(
                        type_name, element, path, walk, answers, asked_for=True, needed=True
                    )

    def _can_be_given(self, type_name: str, branch: tuple[str, ...], path: str, answers: Answers) -> bool:
        """Whether a form does not consist in naming what is not there: a person where none was entered."""
        child = self._index.complex_types[type_name][branch[0]]
        return not self._offers.refers(child) or bool(
            self._offers.options(child, at(path, _local(child.name)), answers)
        )

    def _branch_option(self, type_name: str, branch: tuple[str, ...]) -> Option:
        words = self._index.complex_types[type_name][branch[0]].documentation.definition
        return Option(code=_local(branch[0]), words=words)

    def _ask(self, type_name: str, child: Child, path: str, answers: Answers) -> Ask:
        rule = self._script.rule_for(_local(type_name), _local(child.name))
        if not rule.when(answers, path):
            return Ask.MUST if child.required else rule.otherwise
        asked = rule.ask or (Ask.MUST if child.required else Ask.MORE)
        return Ask.MUST if asked in (Ask.OFFER, Ask.MORE) and child.required else asked

    def _element(
        self,
        type_name: str,
        name: str,
        path: str,
        walk: _Walk,
        answers: Answers,
        *,
        asked_for: bool = False,
        needed: bool = False,
    ) -> Iterator[Question]:
        """The questions of one element in its parent.

        Args:
            type_name: the parent's type.
            name: the element.
            path: the parent's place.
            walk: where the interview stands.
            answers: all answers.
            asked_for: somebody wants to give it although it is rarely needed.
            needed: it stands in a form that was chosen.
        """
        child = self._index.complex_types[type_name][name]
        rule = self._script.rule_for(_local(type_name), _local(name))
        ask = self._ask(type_name, child, path, answers)
        if needed and not child.required:
            ask = Ask.OFFER
        elif needed:
            ask = Ask.MUST if ask is not Ask.COMPUTED else ask
        elif asked_for and ask is Ask.MORE:
            ask = Ask.OFFER
        if ask in (Ask.NEVER, Ask.MORE):
            return
        place = at(path, _local(name))
        if child.type_name not in self._shape.content:
            yield from self._simple(child, rule, ask, place, walk, answers)
        elif child.repeatable:
            yield from self._repeated(child, rule, ask, place, walk, answers)
        else:
            if ask is Ask.OFFER and not needed:
                yield self._gate(place, child, walk, rule, answers)
                if answers.get(gate(place)) != YES:
                    return
            # One of several forms is the thing itself; another part is named beside what it is a part of.
            label = "" if _local(name) == _HEADER else label_of(_local(name))
            owner = walk.owner if needed and walk.owner else _part_of(walk.owner, label)
            inner = _Walk(section=walk.section, owner=owner)
            yield from self._content(child.type_name, place, inner, answers)

    def _repeated(
        self, child: Child, rule: Rule, ask: Ask, place: str, walk: _Walk, answers: Answers
    ) -> Iterator[Question]:
        for number in range(1, REPEATED_MAX + 1):
            here = f"{place}[{number}]"
            if number > 1 or ask is Ask.OFFER:
                if number > 1 and not rule.again:
                    return
                yield self._gate(here, child, walk, rule, answers)
                if answers.get(gate(here)) != YES:
                    return
            label = f"{label_of(_local(child.name))} {number}"
            owner = _part_of(walk.owner, label)
            yield from self._content(child.type_name, here, _Walk(section=walk.section, owner=owner), answers)

    def _gate(self, place: str, child: Child, walk: _Walk, rule: Rule, answers: Answers) -> Question:
        label = rule.said or label_of(_local(child.name)).lower()
        about = f" ({walk.owner})" if walk.owner else ""
        words = (
            f"Another {label.removeprefix('a ')}{about}?"
            if place.endswith("]") and number_of(place) > 1
            else f"Add {label}{about}?"
        )
        return Question(
            path=gate(place),
            section=walk.section,
            kind=Kind.GATE,
            words=words,
            explanation=child.documentation.text,
            source=child.documentation.source,
            required=False,
            default=self._script.known.get(gate(place)) or (YES if rule.wanted(answers, place) else NO),
        )

    def _simple(
        self, child: Child, rule: Rule, ask: Ask, place: str, walk: _Walk, answers: Answers
    ) -> Iterator[Question]:
        question = self._value(child, rule, ask, place, walk, answers)
        if not (child.repeatable and _local(child.type_name) == _TEXT):
            # Files and persons can be referred to only where there are some.
            if (
                question.required
                or question.options
                or question.kind is Kind.COMPUTED
                or not self._offers.refers(child)
            ):
                yield question
            return
        for number in range(1, REPEATED_MAX + 1):
            here = f"{place}[{number}]"
            yield self._value(
                child, rule, ask if number == 1 else Ask.OFFER, here, walk, answers, number=number
            )
            if not answers.get(here):
                return

    def _value(
        self,
        child: Child,
        rule: Rule,
        ask: Ask,
        place: str,
        walk: _Walk,
        answers: Answers,
        *,
        number: int = 1,
    ) -> Question:
        local = _local(child.name)
        label = rule.said or label_of(local)
        if number > 1:
            label = f"Next {label.lower()} (Enter: none)"
        is_file = local == "FileName" and place.startswith("Attachment[")
        kind = Kind.COMPUTED if ask is Ask.COMPUTED else Kind.FILE if is_file else Kind.VALUE
        return Question(
            path=place,
            section=walk.section,
            kind=kind,
            words=f"{walk.owner}: {label}" if walk.owner else label,
            explanation=child.documentation.text,
            source=child.documentation.source,
            type_name=child.type_name,
            element=local,
            required=(ask is Ask.MUST or (ask is Ask.QUIETLY and child.required)) and number == 1,
            quiet=ask is Ask.QUIETLY,
            multiple=child.repeatable and _local(child.type_name) != _TEXT,
            elsewhere=local in self._script.elsewhere,
            default=self._offers.default(rule, place, answers),
            options=self._offers.options(child, place, answers),
            suggestions=self._offers.suggestions(child, place),
        )


def _part_of(owner: str, label: str) -> str:
    return f"{owner}, {label[:1].lower()}{label[1:]}" if owner else label


def _local(name: str) -> str:
    return name.rpartition("}")[2]
