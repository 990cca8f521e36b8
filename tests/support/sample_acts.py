"""The acts of the sample cases, and what is known of each authority's side."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from emla.formats.legal_act import read_legal_act
from emla.formats.xml import parse_xml
from emla.model.legal_act import LegalAct
from emla.model.limits import XmlLimits
from tests.support.sample_cases import SampleCase, Step


@cache
def act_of(path: Path) -> LegalAct:
    """The act in a file."""
    data = path.read_bytes()
    return read_legal_act(data, parse_xml(data, XmlLimits()))


def acts_of(case: SampleCase) -> tuple[LegalAct, ...]:
    """The acts of a case in the order of its course; those of another course are left out."""
    return tuple(act for _, act, _ in course(case))


def course(case: SampleCase) -> Iterator[tuple[Step, LegalAct, tuple[LegalAct, ...]]]:
    """Each step with a message: the step, its act, and the acts so far with it."""
    acts: tuple[LegalAct, ...] = ()
    for step in case.steps:
        if step.file and not step.branch:
            acts = (*acts, act_of(case.folder / step.file))
            yield step, acts[-1], acts


def branches(case: SampleCase) -> Iterator[tuple[Step, LegalAct, tuple[LegalAct, ...]]]:
    """Each step of another course: it answers a message of the course, and stands after those of the same case."""
    for step in case.steps:
        if step.file and step.branch:
            act = act_of(case.folder / step.file)
            before = tuple(each for each in acts_of(case) if each.case_id == act.case_id)
            yield step, act, (*before, act)
