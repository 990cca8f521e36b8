"""The document: answers to XML, in the order of the schema.

Rules of this file:
- Only what is asked now enters the document; answers to questions that no longer stand do not.
- Texts are set as texts of a tree: nothing typed is ever markup.
- The result is not believed to be valid: the caller has it checked like any other message.
"""

from collections.abc import Mapping

from lxml import etree

from emla.formats.schema_index import SchemaIndex
from emla.formats.schema_shape import Choice, SchemaShape
from emla.writing.answers import YES, Answers, parent_of, several, steps
from emla.writing.interview import Interview
from emla.writing.questions import Kind, Question, reference

_IDS = {
    "PersonId": "Person",
    "MeasureId": "Measure",
    "AttachmentId": "Attachment",
    "RestrictionId": "Restriction",
}

_PREFIXES = {
    "reply": "y",
    "dialogue": "d",
    "result": "s",
    "use": "u",
    "extradition": "x",
    "information": "i",
    "joint-investigation": "j",
}


def build(
    interview: Interview,
    answers: Answers,
    index: SchemaIndex,
    shape: SchemaShape,
    given: Mapping[str, str],
    extra: Mapping[str, str] | None = None,
) -> bytes:
    """Write the document.

    Args:
        interview: what is asked.
        answers: what was answered.
        index: the words of the schema.
        shape: its order.
        given: what nobody is asked for: ids, the instant of issue, facts of the files; by place.
        extra: what stands in the document although no question leads to it; an empty text makes an empty element.
    """
    root_name = etree.QName(interview.root)
    root = etree.Element(
        interview.root, nsmap={_prefix(root_name): root_name.namespace or "", None: "urn:emla:common:1"}
    )
    types = {root: index.elements[interview.root].type_name}
    made: dict[str, etree._Element] = {"": root}
    for question in interview.questions(answers):
        for number, value in enumerate(_values(question, answers, given), 1):
            place = f"{question.path}[{number}]" if question.multiple else question.path
            _place(place, made, types, index).text = value
    for place, value in (extra or {}).items():
        _place(place, made, types, index).text = value or None
    for element in made.values():
        _sort(element, types[element], shape)
    _indent(root)
    head = b'<?xml version="1.0" encoding="UTF-8"?>\n'
    return head + etree.tostring(root, encoding="UTF-8", xml_declaration=False) + b"\n"


def _prefix(root: etree.QName) -> str:
    """The prefix that the samples use for a family."""
    return _PREFIXES.get((root.namespace or "").split(":")[2], "r")


def value_of(question: Question, answers: Answers, given: Mapping[str, str]) -> str:
    """The answer that counts: what was answered, what is computed, or a default that is taken quietly."""
    if question.path in given:
        return given[question.path]
    if question.kind is Kind.COMPUTED:
        if question.element in _IDS:
            return reference(_IDS[question.element], parent_of(question.path))
        return answers.get(question.path, "")
    if question.path in answers:
        return answers[question.path]
    return question.default if question.quiet else ""


def _values(question: Question, answers: Answers, given: Mapping[str, str]) -> list[str]:
    if question.kind in (Kind.GATE, Kind.FORM):
        return []
    value = value_of(question, answers, given)
    if not value:
        return []
    if question.type_name.endswith("}boolean"):
        return ["true" if value == YES else "false"]
    return several(value) if question.multiple else [value]


def _place(
    path: str, made: dict[str, etree._Element], types: dict[etree._Element, str], index: SchemaIndex
) -> etree._Element:
    """The element at a place, made with all it stands in."""
    above, walked = made[""], ""
    for name, number in steps(path):
        walked = f"{walked}/{name}" if walked else name
        walked = f"{walked}[{number}]" if number else walked
        if walked not in made:
            child = next(
                each
                for each in index.complex_types[types[above]].values()
                if each.name.rpartition("}")[2] == name
            )
            made[walked] = etree.SubElement(above, child.name)
            types[made[walked]] = child.type_name
        above = made[walked]
    return above


def _sort(element: etree._Element, type_name: str, shape: SchemaShape) -> None:
    order: list[str] = []
    for particle in shape.content.get(type_name, ()):
        if isinstance(particle, Choice):
            order += [name for branch in particle.branches for name in branch]
        else:
            order.append(particle)
    rank = {name: number for number, name in enumerate(order)}
    children = sorted(element, key=lambda each: rank.get(str(each.tag), 0))
    element[:] = children


def _indent(root: etree._Element) -> None:
    etree.indent(root, " ")
