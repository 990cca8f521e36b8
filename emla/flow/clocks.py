"""clocks: a case as it stands here -> its time limits, by the calendars in the profiles that are known.

Here: what `emla.cases.deadlines` needs from the gateway: when each message arrived, whose days count. Not here: what is counted.

Rules of this file:
- A message arrived at the instant of its ContentConsignment, which both gateways hold: both count alike.
- An authority whose profile is not here, or names no time zone of this machine, has days of UTC; the limit says so.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from emla.cases.deadlines import Counting, limits_of
from emla.cases.history import Arrivals, histories
from emla.cases.order import opens
from emla.flow.dockets import Held
from emla.flow.gateway import Gateway
from emla.model.acknowledgement import Event
from emla.model.case_states import RequestState
from emla.model.deadline import SATURDAY_AND_SUNDAY, Deadline
from emla.model.documents import Profile
from emla.model.legal_act import Key
from emla.model.time_limit import TimeLimit, WorkCalendar
from emla.model.working_days import WEEKDAYS

Limits = Mapping[Key, tuple[TimeLimit, ...]]
"""By the message that began what they run in."""


class Clocks:
    """Counts the time limits of the cases of one gateway."""

    def __init__(self, gateway: Gateway, limits: Mapping[str, Deadline]) -> None:
        """Hand in CL-DEADLINE."""
        self._gateway = gateway
        self._limits = limits

    def now(self) -> datetime:
        """The instant by which limits are judged."""
        return datetime.fromtimestamp(self._gateway.now(), UTC)

    def limits_of(self, held: Held) -> Limits:
        """The limits of everything that was begun in a case itself, as they stand now."""
        found = histories(held.docket, self._arrivals(held))
        asked = {each.opening.recipient for each in found.values()}
        counting = Counting(limits=self._limits, calendars={each: self._calendar(each) for each in asked})
        now = self.now()
        return {
            key: limits_of(history, counting, now)
            for key, history in found.items()
            if history.opening.case_id == held.case_id
        }

    def unconfirmed(self, held: Held) -> Mapping[Key, datetime]:
        """Requests that were consigned and whose receipt nobody has confirmed, with the instant of their ContentConsignment."""
        arrivals = self._arrivals(held)
        return {
            each.opening.key: arrivals[each.opening.key]
            for each in held.docket.of_case(held.case_id)
            if each.request is RequestState.SUBMITTED and each.opening.key in arrivals
        }

    def _arrivals(self, held: Held) -> Arrivals:
        """Of the messages from whose arrival something runs."""
        found: dict[Key, datetime] = {}
        for act in held.acts:
            row = held.package_of(act) if opens(act) or act.message_type == "RequestUpdate" else None
            for proof in self._gateway.store.read.acknowledgements(row.pid) if row is not None else ():
                if proof.event is Event.CONTENT_CONSIGNMENT:
                    found.setdefault(act.key, datetime.fromtimestamp(proof.at, UTC))
        return found

    def _calendar(self, authority: str) -> WorkCalendar:
        own, peer = self._gateway.identity.authority, self._gateway.directory.peers.get(authority)
        if authority == own.id:
            return calendar_of(own.profile)
        return calendar_of(peer.authority.profile) if peer is not None else WorkCalendar()


@lru_cache(maxsize=1024)
def calendar_of(profile: Profile) -> WorkCalendar:
    """The calendar that a profile says."""
    days = profile.working_days
    rest = frozenset(WEEKDAYS.index(each) for each in days.rest_days) or SATURDAY_AND_SUNDAY
    try:
        zone = ZoneInfo(profile.time_zone)
    except (KeyError, ValueError, OSError):  # words that name no zone, or none that this machine has
        return WorkCalendar(rest_days=rest, holidays=frozenset(days.holidays))
    return WorkCalendar(zone=zone, zone_known=True, rest_days=rest, holidays=frozenset(days.holidays))
