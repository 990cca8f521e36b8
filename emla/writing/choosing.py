"""Which request of a case an act is about, and the refusal of one that is not possible."""

from collections.abc import Sequence

from emla.cases.judgement import WHICH_REQUEST, Objection
from emla.model.errors import NotFoundError
from emla.model.findings import Finding, Severity
from emla.writing.acts import Act
from emla.writing.possible import objection_to
from emla.writing.situation import Situation


def begun_with(request: str, situations: Sequence[Situation]) -> list[Situation]:
    """Those whose request has an id that begins so; all of them where nothing is said.

    Raises:
        NotFoundError: ``not-found``: it is the beginning of no request's id, or of those of several.
    """
    among = [each for each in situations if each.opening.message_id.startswith(request.lower())]
    if not among:
        raise NotFoundError("not-found", f"The case has no request {request} in which we have a part.")
    if request and len({each.opening.message_id for each in among}) > 1:
        raise NotFoundError("not-found", f"The ids of several requests begin with {request}: say more of it.")
    return among


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
