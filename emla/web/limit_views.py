"""What the authority API shows of time limits: values -> JSON, into the answer about a case. No decisions."""

from collections.abc import Iterable

from emla.cases.deadlines import next_ones
from emla.cases.standing import Standing
from emla.flow.clocks import Limits
from emla.model.case_states import Side
from emla.model.time_limit import TimeLimit
from emla.web.views import Json, instant


def add_limits(
    body: Json, standings: Iterable[Standing], limits: Limits, own: str, *, open_only: bool
) -> None:
    """Write the limits into an answer: ``deadlines`` into each standing, in order, and ``overdue`` into the case.

    Args:
        body: the answer about a case, or its line in a list.
        standings: those that are in it, in the same order.
        limits: of the case.
        own: our authority.
        open_only: in a list those on which somebody has still to act; in a case all.
    """
    shown = body["standings"]
    assert isinstance(shown, list)
    overdue = False
    for each, standing in zip(shown, standings, strict=True):
        found = limits.get(standing.opening.key, ())
        overdue = overdue or any(limit.overdue for limit in found)
        side = standing.side_of(own)
        each["deadlines"] = [_limit(limit, side) for limit in (next_ones(found) if open_only else found)]
    body["overdue"] = overdue


def _limit(limit: TimeLimit, own: Side | None) -> Json:
    sender, message_id = limit.started_by
    return {
        "code": limit.code,
        "what": limit.what,
        "side": limit.side.value,
        "ours": own is limit.side,
        "measures": list(limit.measures),
        "due_on": limit.due_on.isoformat() if limit.due_on else None,
        "due_at": instant(limit.due_at.timestamp()),
        "unit": limit.unit.value,
        "course": limit.course.value,
        "firm": limit.firm,
        "overdue": limit.overdue,
        "source": limit.source,
        "verified": limit.verified,
        "started_at": instant(limit.started_at.timestamp()),
        "started_by": {"sender": sender, "message_id": message_id.hex()},
        "met_at": instant(limit.met_at.timestamp()) if limit.met_at else None,
        "extended_by": limit.extended_by[1].hex() if limit.extended_by else None,
        "doubts": list(limit.doubts),
    }
