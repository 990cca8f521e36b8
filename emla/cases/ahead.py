"""What is to be said of an act before it is sent: the acting side is told first, so that an act without effect is rare.

Rules of this file:
- An act that would have no effect is fatal; one of which a part would have none, or that answers what is not here, is an error:
  an officer may have a reason. What it answers may have come on paper.
- What names a file or an item that its message did not bring is fatal: both sides would take it as said, and of nothing.
- It is judged as both sides will judge it, in its place among all acts, and not as if it were the last. Where that place is
  before what is here already, because of a clock, the officer is warned.
"""

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet

from emla.cases.docket import Docket
from emla.cases.fold import fold
from emla.cases.holdings import things_of
from emla.cases.judgement import NOT_BROUGHT, NOT_HERE, NOT_LAST, Effect, Judgement, Objection
from emla.cases.ownership import named_in
from emla.model.findings import Finding, Severity
from emla.model.legal_act import LegalAct, state_of

_ABOUT_THINGS = frozenset(
    {
        "RecallNotice",
        "RecallConfirmation",
        "RestrictionChange",
        "UseConsentRequest",
        "UseConsentDecision",
        "ExculpatoryDisclosureNotice",
    }
)
"""Acts about files and items. A ReturnNotice is none: what goes back may be no more than described where it came."""


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
    severity = Severity.FATAL if judged.effect is Effect.NOT_EFFECTIVE else Severity.ERROR
    said = [_finding(each, severity) for each in objections]
    said += [_finding(each, Severity.FATAL) for each in _not_brought(act, docket)]
    later = _first_later(docket, judged)
    if later is not None:
        said.append(_finding(NOT_LAST.objection(message=later.message_type), Severity.WARNING))
    return tuple(each for each in said if each.rule not in already)


def _not_brought(act: LegalAct, docket: Docket) -> Iterator[Objection]:
    """What it names although the message, which is here, did not bring it; what a third State sent is not looked at."""
    for each in dict.fromkeys(named_in(act)) if act.message_type in _ABOUT_THINGS else ():
        meant = [one for one in docket.by_id.get(each.message_id, ()) if state_of(act.sender) in one.between]
        brought = {thing.local_id for one in meant for thing in things_of(one)}
        if meant and each.local_id not in brought:
            yield NOT_BROUGHT.objection(message=each.message_id.hex()[:12], thing=each.local_id)


def _first_later(docket: Docket, judged: Judgement) -> LegalAct | None:
    """The first act about the same request, of those that hold, that counts as said after this one."""
    place = docket.judgements.index(judged)
    return next(
        (
            each.act
            for each in docket.judgements[place + 1 :]
            if each.effect is Effect.EFFECTIVE and each.request is not None and each.request == judged.request
        ),
        None,
    )


def _finding(objection: Objection, severity: Severity) -> Finding:
    return Finding(
        rule=objection.rule,
        severity=severity,
        message=objection.sentence,
        source=objection.source,
        remedy=objection.remedy,
    )
