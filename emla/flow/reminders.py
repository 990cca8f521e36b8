"""reminders: tells people once, some days before a time limit of a case ends and when it ran out; so too of what may not be kept.

Here: the round over the cases that are on the agenda. Not here: when a reminder is due (`cases.reminding`).

A case comes onto the agenda in the batch that brings something about it, and with the instant of its next reminder whenever it
was looked at. So no case is looked at in which nothing happened, however many there are, and a restart misses none.

Order of writes: T1 one batch holds the rows of the reminders with the leaves that case systems are told by (`flow.happenings`),
takes the cases off the agenda and puts them on it again; then people are told: a line of the log, a count, and whoever watches
the case is woken. A crash between them loses a line of the log,
and `emla case list` shows the limit all the same; the other way round a restart would tell it again.

Rules of this file:
- Nothing in a row, a leaf or the log says what is due, or of whom: a row is a keyed hash, a leaf has the case id, the kind of
  reminder and the days, a line the beginning of the case id.
- A few cases at a time, with a pause behind them: packages go first. A hundred thousand cases take half an hour.
- A case in which something came while it was looked at stays on the agenda.
- A case that fails stays on it, too, and holds up no other; only a failed storage ends the process.
"""

import asyncio
import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from math import ceil

from emla.cases.reminding import RAN_OUT, moved, next_reminder_at, reminder
from emla.cases.retention import RETENTION, REVIEW, erasable_since, held_for_others, named_days
from emla.flow.clocks import Clocks
from emla.flow.dockets import Dockets, Held
from emla.flow.events import CASE_REMINDER, event
from emla.flow.gateway import Gateway
from emla.flow.news import News
from emla.model.errors import ConfigurationError, EmlaError, IllegalTransitionError, StoreError
from emla.model.legal_act import Key
from emla.model.time_limit import Course
from emla.ports.cases import SOMETHING_CAME, AgendaItem
from emla.ports.store import UPKEEP_PATIENCE_SECONDS, Transaction

logger = logging.getLogger("emla.case")

_ROUND_SECONDS = 60.0
_STEP = 4
_PAUSE_SECONDS = 0.07
_LABEL = b"emla/1 reminder"
SOON, OVERDUE, RECEIPT = "soon", "overdue", "receipt"
KINDS = (SOON, OVERDUE, RECEIPT, RETENTION, REVIEW)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Due:
    """A reminder that has to be given."""

    kind: str
    about: str
    """What it is of, so that it is given once; it goes into a hash only."""
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Looked:
    """A case that was looked at."""

    held: Held
    due: dict[str, _Due]
    """By the keyed hash under which each is kept."""
    leaves: dict[str, Callable[[Transaction], None]]
    """Likewise; made before the batch."""
    again_at: datetime | None
    item: AgendaItem | None
    """Why; None where it is related to another one in which something came."""


class Reminders:
    """Runs a round each minute."""

    def __init__(self, gateway: Gateway, dockets: Dockets, clocks: Clocks, news: News) -> None:
        self._gateway = gateway
        self._dockets = dockets
        self._clocks = clocks
        self._news = news
        self.given: Counter[str] = Counter()
        """Since the start, by kind."""
        self.outlived: set[bytes] = set()
        """Cases in which content is to be erased because its time is over: for who erases, who takes them out."""

    async def run(self) -> None:
        """Go round until cancelled."""
        while True:
            try:
                await self.round()
            except ConfigurationError as error:  # the token that signs the leaves does not answer
                logger.error("reminders failed", extra={"code": error.code, "detail": error.detail})
            await asyncio.sleep(_ROUND_SECONDS)

    async def round(self) -> None:
        """One round over the agenda: instants that have come first, then cases in which something came."""
        now = int(self._clocks.now().timestamp())
        for first, until in ((SOMETHING_CAME + 1, now), (SOMETHING_CAME, SOMETHING_CAME)):
            at, case_id = first, b""
            while items := self._gateway.store.read.agenda(at, case_id, until, _STEP):
                await self._step(items)
                at, case_id = items[-1].at, items[-1].case_id
                await asyncio.sleep(_PAUSE_SECONDS)

    async def _step(self, items: Sequence[AgendaItem]) -> None:
        looked = [found for item in items if (found := await self._look(item.case_id, item))]
        # An act in one case may move the limits of another one: a request that follows makes a preservation stand still.
        moved = [each.held for each in looked if each.item and each.item.at == SOMETHING_CAME]
        here = {each.held.case_id for each in looked}
        for case_id in dict.fromkeys(other for held in moved for other in held.cases if other not in here):
            looked += [found for found in (await self._look(case_id, None),) if found]
        # T1
        given = await self._gateway.store.write(
            lambda transaction: [(each, _write(transaction, each)) for each in looked],
            patience_seconds=UPKEEP_PATIENCE_SECONDS,
        )
        for each, subjects in given:
            self._tell(each, subjects)

    async def _look(self, case_id: bytes, item: AgendaItem | None) -> _Looked | None:
        """Look at a case; None where that fails."""
        try:
            held = await self._dockets.of(case_id)
            due, again_at = self._due(held)
        except (StoreError, IllegalTransitionError):
            raise
        except EmlaError as error:
            logger.error("reminders failed", extra={"code": error.code, "detail": error.detail})
            return None
        except Exception:  # a bug of ours about one case is not the others' trouble
            logger.exception("reminders broke", extra={"code": "internal"})
            return None
        named = {self._subject(each): each for each in due}
        leaves = {subject: self._leaf(case_id, each) for subject, each in named.items()}
        return _Looked(held=held, due=named, leaves=leaves, again_at=again_at, item=item)

    def _tell(self, looked: _Looked, subjects: Sequence[str]) -> None:
        for each in (looked.due[subject] for subject in subjects):
            self.given[each.kind] += 1
            what = f"{each.kind}, case {looked.held.case_id.hex()[:8]}"
            logger.warning("case reminder", extra={"what": what, "days": each.days})
        if subjects:
            self._news.tell(looked.held.case_id)

    def _due(self, held: Held) -> tuple[list[_Due], datetime | None]:
        now, settings = self._clocks.now(), self._gateway.settings.cases
        days_before = (settings.first_reminder_days, settings.last_reminder_days)
        due: list[_Due] = []
        again: list[datetime] = []
        for key, limits in self._clocks.limits_of(held).items():
            for limit in limits:
                if limit.course is Course.OVERDUE and not limit.firm:
                    continue  # a wish that was not met: shown, and nobody's duty
                days = reminder(limit, days_before, now)
                if days is not None:
                    about = f"{_name(key)} {limit.code} {' '.join(limit.measures)} {limit.due_at.isoformat()}"
                    due.append(_Due(kind=SOON if days != RAN_OUT else OVERDUE, about=about, days=days))
                again += [at for at in (next_reminder_at(limit, days_before, now),) if at is not None]
        for one, at in (*self._receipts(held, now), *self._retention(held, now)):
            due += [one] if at <= now else []
            again += [at] if at > now else []
        again += self._erasable(held, now)
        return due, min(again, default=None)

    def _receipts(self, held: Held, now: datetime) -> Iterator[tuple[_Due, datetime]]:
        days = self._gateway.settings.cases.receipt_reminder_days
        for key, consigned_at in self._clocks.unconfirmed(held).items():
            yield _Due(kind=RECEIPT, about=_name(key), days=days), consigned_at + timedelta(days=days)

    def _retention(self, held: Held, now: datetime) -> Iterator[tuple[_Due, datetime]]:
        """Before the time ends for which something may be kept, when it ended, and when it is to be reviewed."""
        days, own = self._gateway.settings.cases.retention_reminder_days, self._gateway.identity.id
        for holding in held_for_others(held.docket, own, held.case_id):
            row = held.package_of(holding.act)
            if row is None or self._gateway.store.read.erasure_of(row.pid) is not None:
                continue
            for named in named_days(holding, now):
                about = f"{_name(holding.act.key)} {named.on.isoformat()}"
                begins = datetime.combine(named.on, time(), UTC)
                over = moved(begins, 1)
                if named.kind == REVIEW:
                    yield _Due(kind=REVIEW, about=about, days=0), begins
                    continue
                if now < over:
                    yield _Due(kind=RETENTION, about=about, days=days), moved(over, -days)
                yield _Due(kind=RETENTION, about=about, days=0), over

    def _erasable(self, held: Held, now: datetime) -> Iterator[datetime]:
        """Tell who erases of a case in which content is to go; when it is to be looked at for that, each day until it went."""
        days, own = self._gateway.settings.cases.erase_outlived_days, self._gateway.identity.id
        for holding in held_for_others(held.docket, own, held.case_id) if days else ():
            row, since = held.package_of(holding.act), erasable_since(holding, now)
            if row is None or since is None or self._gateway.store.read.erasure_of(row.pid) is not None:
                continue
            at = datetime.combine(since, time(), UTC) + timedelta(days=1 + days)
            if at <= now:
                self.outlived.add(held.case_id)
            yield at if at > now else now + timedelta(days=1)

    def _leaf(self, case_id: bytes, due: _Due) -> Callable[[Transaction], None]:
        facts: dict[str, str | int] = {"case": case_id.hex(), "kind": due.kind, "days": due.days}
        return event(self._gateway, CASE_REMINDER, facts)

    def _subject(self, due: _Due) -> str:
        words = f"{due.kind} {due.days} {due.about}".encode()
        key = hashlib.blake2b(_LABEL, key=self._gateway.identity.content_key, digest_size=32).digest()
        return f"case {hashlib.blake2b(words, key=key, digest_size=16).hexdigest()}"


def _write(transaction: Transaction, looked: _Looked) -> list[str]:
    """Once for each limit and day, across restarts; returns which are given now."""
    if looked.item is not None:
        transaction.looked(looked.item)
    if looked.again_at is not None:
        transaction.look_at(looked.held.case_id, ceil(looked.again_at.timestamp()))
    given = [subject for subject, each in looked.due.items() if transaction.warn(subject, each.days)]
    for subject in given:
        looked.leaves[subject](transaction)
    return given


def _name(key: Key) -> str:
    sender, message_id = key
    return f"{sender} {message_id.hex()}"
