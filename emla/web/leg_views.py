"""What the authority API shows about legs: values -> JSON. Who must act is read from the catalogue of codes, not decided here."""

from emla.model.codes import CODES
from emla.model.leg import DEAD, LegKind, is_overdue
from emla.model.settings import RelaySettings
from emla.ports.listings import ListedLeg
from emla.web.views import Json, instant


def leg(shown: ListedLeg, now: int, bounds: RelaySettings) -> Json:
    """A leg."""
    one, hold = shown.leg, shown.hold
    reason = hold.code if hold else shown.ended_by
    entry = CODES.get(reason or "")
    dead = one.kind is LegKind.PACKAGE and one.state in DEAD
    return {
        "id": one.id,
        "kind": one.kind.value,
        "ref": one.ref.hex(),
        "peer": one.peer,
        "state": one.state.value,
        "urgent": one.urgent,
        "attempts": one.attempts,
        "next_at": instant(one.next_at) if one.state == "READY" else None,
        "last_code": one.last_code,
        "created": instant(one.created),
        "expires": instant(one.expires),
        "overdue": is_overdue(one, now, bounds.overdue_seconds, bounds.overdue_urgent_seconds),
        "refusals": one.refusals,
        "reason": reason,
        "detail": hold.reason if hold else entry.meaning if entry else None,
        "held_since": instant(hold.at) if hold else None,
        "owner": (entry.who.value if entry else None) if dead or hold else None,
    }
