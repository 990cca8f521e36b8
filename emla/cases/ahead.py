"""What is to be said of an act before it is sent: the acting side is told first, so that an act without effect is rare.

Rules of this file:
- An act that would have no effect is fatal, one of which a part would have none is an error: an officer may have a reason.
- It is judged as both sides will judge it, in its place among all acts, and not as if it were the last.
"""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from emla.cases.fold import fold
from emla.cases.judgement import NOT_HERE, Effect
from emla.model.findings import Finding, Severity
from emla.model.legal_act import LegalAct


def findings_ahead(
    acts: Iterable[LegalAct], act: LegalAct, *, already: AbstractSet[str] = frozenset()
) -> tuple[Finding, ...]:
    """Judge an act that is not sent yet.

    Args:
        acts: all acts of its case, and of the cases related to it.
        act: what the message would mean.
        already: rules that have found something in the message; they know the line, and it is not said twice.
    """
    docket = fold([*acts, act])
    # Of the same message twice one is judged; with another text under the same id this one stands among the doubles.
    judged = next(
        each for each in docket.judgements if (each.act.key, each.act.digest) == (act.key, act.digest)
    )
    objections = judged.objections
    if judged.effect is Effect.WAITING:
        objections = (NOT_HERE.objection(),)
    severity = Severity.ERROR if judged.effect is Effect.EFFECTIVE else Severity.FATAL
    return tuple(
        Finding(
            rule=each.rule,
            severity=severity,
            message=each.sentence,
            source=each.source,
            remedy=each.remedy,
        )
        for each in objections
        if each.rule not in already
    )
