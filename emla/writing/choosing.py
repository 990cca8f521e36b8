"""Which request of a case an act is about, and the refusal of one that is not possible."""

from collections.abc import Sequence

from emla.cases.judgement import WHICH_REQUEST, Objection
from emla.model.findings import Finding, Severity
from emla.writing.acts import Act
from emla.writing.possible import objection_to
from emla.writing.situation import Situation


def choose(act: Act, among: Sequence[Situation]) -> tuple[Situation | None, Objection | None]:
    """The only one for which the act is possible; else why there is none."""
    judged = [(each, objection_to(act, each)) for each in among]
    fitting = [each for each, objection in judged if objection is None]
    if len(fitting) == 1:
        return fitting[0], None
    if fitting:
        return None, WHICH_REQUEST.objection()
    # Of several the newest is what the officer means.
    return None, judged[-1][1]


def refusal(objection: Objection) -> Finding:
    """An objection as a finding that blocks."""
    return Finding(
        rule=objection.rule,
        severity=Severity.FATAL,
        message=objection.sentence,
        source=objection.source,
        remedy=objection.remedy,
    )
