"""reminders: tells people once, some days before a time limit of a case ends and when it ran out.

Here: the round over the cases. Not here: when a reminder is due (`cases.reminding`).

Order of writes: T1 the row that one was given is committed with the leaf that case systems are told by (`flow.happenings`); then
a line of the log, a count, and whoever watches the case is woken. A crash between them loses a line of the log, and `emla case
list` shows the limit all the same; the other way round a restart would tell it again.

Rules of this file:
- Nothing in a row, a leaf or the log says what is due, or of whom: a row is a keyed hash, a leaf has the case id, the kind of
  reminder and the days, a line the beginning of the case id.
- A round looks at the cases in which an act came, or in which an instant has come. All others cost one row of an index.
- A round that fails is tried again in the next; only a failed storage ends the process.
"""

import asyncio
import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from emla.cases.reminding import RAN_OUT, next_reminder_at, reminder
from emla.flow.clocks import Clocks
from emla.flow.dockets import Dockets, Held
from emla.flow.events import CASE_REMINDER, event
from emla.flow.gateway import Gateway
from emla.flow.news import News
from emla.model.errors import EmlaError, IllegalTransitionError, StoreError
from emla.model.legal_act import Key
from emla.model.time_limit import Course
from emla.ports.cases import CaseMark
from emla.ports.store import UPKEEP_PATIENCE_SECONDS, Transaction

logger = logging.getLogger("emla.case")

_ROUND_SECONDS = 60.0
_STEP = 500
_LABEL = b"emla/1 reminder"
SOON, OVERDUE, RECEIPT = "soon", "overdue", "receipt"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Due:
    """A reminder that has to be given."""

    kind: str
    about: str
    """What it is of, so that it is given once; it goes into a hash only."""
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """A case as it was last looked at."""

    mark: CaseMark
    again_at: datetime | None
    courses: Counter[str]


class Reminders:
    """Runs a round each minute."""

    def __init__(self, gateway: Gateway, dockets: Dockets, clocks: Clocks, news: News) -> None:
        self._gateway = gateway
        self._dockets = dockets
        self._clocks = clocks
        self._news = news
        self._seen: dict[bytes, _Seen] = {}
        self._told: set[str] = set()
        """Of which the row is there: it need not be asked again."""
        self.given: Counter[str] = Counter()
        """Since the start, by kind."""

    def courses(self) -> Counter[str]:
        """How many time limits stand how, in all cases as they were last looked at."""
        return sum((each.courses for each in self._seen.values()), Counter())

    async def run(self) -> None:
        """Go round until cancelled."""
        while True:
            await self.round()
            await asyncio.sleep(_ROUND_SECONDS)

    async def round(self) -> None:
        """One round over all cases."""
        after, related = b"", set[bytes]()
        while marks := self._gateway.store.read.cases_after(after, _STEP):
            for mark in marks:
                if self._is_new(mark):
                    related.update(await self._look(mark))
            after = marks[-1].case_id
            await asyncio.sleep(0)
        # An act in one case may move the limits of another one: a request that follows makes a preservation stand still.
        for case_id in related:
            seen = self._seen.get(case_id)
            if seen is not None:
                await self._look(seen.mark)

    def _is_new(self, mark: CaseMark) -> bool:
        seen = self._seen.get(mark.case_id)
        if seen is None or seen.mark != mark:
            return True
        return seen.again_at is not None and seen.again_at <= self._clocks.now()

    async def _look(self, mark: CaseMark) -> tuple[bytes, ...]:
        """Look at a case, and give the reminders that are due. What fails is tried again in the next round.

        Returns:
            The cases related to it, where an act came in this one.
        """
        before = self._seen.get(mark.case_id)
        try:
            held = await self._dockets.of(mark.case_id)
            due, again_at, courses = self._due(held)
            await self._give(held.case_id, due)
        except (StoreError, IllegalTransitionError):
            raise
        except EmlaError as error:
            logger.error("reminders failed", extra={"code": error.code, "detail": error.detail})
            return ()
        except Exception:  # a bug of ours about one case is not the others' trouble
            logger.exception("reminders broke", extra={"code": "internal"})
            return ()
        self._seen[mark.case_id] = _Seen(mark=mark, again_at=again_at, courses=courses)
        moved = before is not None and before.mark != mark
        return tuple(each for each in held.cases if each != mark.case_id) if moved else ()

    def _due(self, held: Held) -> tuple[list[_Due], datetime | None, Counter[str]]:
        now, settings = self._clocks.now(), self._gateway.settings.cases
        days_before = (settings.first_reminder_days, settings.last_reminder_days)
        due: list[_Due] = []
        again: list[datetime] = []
        courses: Counter[str] = Counter()
        for key, limits in self._clocks.limits_of(held).items():
            for limit in limits:
                if limit.course is Course.OVERDUE and not limit.firm:
                    continue  # a wish that was not met: shown, and nobody's duty
                courses[limit.course.value] += 1
                days = reminder(limit, days_before, now)
                if days is not None:
                    about = f"{_name(key)} {limit.code} {' '.join(limit.measures)} {limit.due_at.isoformat()}"
                    due.append(_Due(kind=SOON if days != RAN_OUT else OVERDUE, about=about, days=days))
                again += [at for at in (next_reminder_at(limit, days_before, now),) if at is not None]
        for one, at in self._receipts(held, now):
            due += [one] if at <= now else []
            again += [at] if at > now else []
        return due, min(again, default=None), courses

    def _receipts(self, held: Held, now: datetime) -> Iterator[tuple[_Due, datetime]]:
        days = self._gateway.settings.cases.receipt_reminder_days
        for key, consigned_at in self._clocks.unconfirmed(held).items():
            yield _Due(kind=RECEIPT, about=_name(key), days=days), consigned_at + timedelta(days=days)

    async def _give(self, case_id: bytes, due: list[_Due]) -> None:
        """Once for each limit and day, across restarts."""
        named = {self._subject(each): each for each in due}
        new = {subject: each for subject, each in named.items() if subject not in self._told}
        if not new:
            return
        told = {subject: self._leaf(case_id, each) for subject, each in new.items()}

        def operation(transaction: Transaction) -> list[str]:
            given = [subject for subject, each in new.items() if transaction.warn(subject, each.days)]
            for subject in given:
                told[subject](transaction)
            return given

        # T1
        first = await self._gateway.store.write(operation, patience_seconds=UPKEEP_PATIENCE_SECONDS)
        self._told.update(new)
        for each in (new[subject] for subject in first):
            self.given[each.kind] += 1
            what = f"{each.kind}, case {case_id.hex()[:8]}"
            logger.warning("case reminder", extra={"what": what, "days": each.days})
        if first:
            self._news.tell(case_id)

    def _leaf(self, case_id: bytes, due: _Due) -> Callable[[Transaction], None]:
        facts: dict[str, str | int] = {"case": case_id.hex(), "kind": due.kind, "days": due.days}
        return event(self._gateway, CASE_REMINDER, facts)

    def _subject(self, due: _Due) -> str:
        words = f"{due.kind} {due.days} {due.about}".encode()
        key = hashlib.blake2b(_LABEL, key=self._gateway.identity.content_key, digest_size=32).digest()
        return f"case {hashlib.blake2b(words, key=key, digest_size=16).hexdigest()}"


def _name(key: Key) -> str:
    sender, message_id = key
    return f"{sender} {message_id.hex()}"
