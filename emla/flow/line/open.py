"""open: an accepted package -> the inbox. The opener decides; the gateway commits and signs its verdict.

I6 each death of the opener is counted durably before the next attempt, so a package that kills it cannot do so for ever; I7
one batch holds the sealed record and legal act, ContentConsignment or its failure, leaf and leg; I8 after three strikes the
package is quarantined. A crash before I7 opens the package again; after it there is exactly one verdict.
"""

import asyncio
import functools
import logging
from collections import deque
from collections.abc import Callable

from emla.flow.gateway import Gateway
from emla.flow.news import News
from emla.flow.stored import is_whole
from emla.formats import header as header_form
from emla.model.acknowledgement import Acknowledgement, Event
from emla.model.errors import ConfigurationError, StoreError
from emla.model.leg import InboxState, Leg, LegKind, LegState
from emla.ports.sandbox import Opener, SandboxDiedError, Verdict
from emla.ports.store import VERDICT_PATIENCE_SECONDS, InboxRow, Transaction
from emla.steps.acknowledge import IssuedAcknowledgement

logger = logging.getLogger("emla.open")

_QUEUE_MAX = 1000
_AHEAD = 8
"""How many packages are on their way to the opener at once: it works on one, the others keep it busy."""
_AT_ONCE = 64
"""How many are opened or have a verdict that is not durable yet. While nothing can be signed, no more verdicts are made."""

_TOKEN_PAUSE_SECONDS = 5


class Open:
    """The journey from acceptance to the inbox."""

    def __init__(self, gateway: Gateway, opener: Opener, news: News, on_leg: Callable[[Leg], None]) -> None:
        self._gateway = gateway
        self._opener = opener
        self._news = news
        self._on_leg = on_leg
        self._fresh: deque[bytes] = deque()
        self._read_to: bytes | None = b""
        """Up to which package the store was read in the pass that is under way, which a start begins; None: there is none."""
        self._again = False
        """Whether something found no place while a pass was under way, and may stand before its place: another one follows."""
        self._active: set[bytes] = set()
        self._with_opener = 0
        self._changed = asyncio.Event()

    def add(self, pid: bytes) -> None:
        """Take a package that was just accepted; when too many wait, the store is asked later."""
        if len(self._fresh) < _QUEUE_MAX:
            self._fresh.append(pid)
        elif self._read_to is None:
            self._read_to = b""
        else:
            self._again = True
        self._changed.set()

    async def run(self) -> None:
        """Open what waits, and whatever is added, until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                self._changed.clear()
                while self._with_opener < _AHEAD and len(self._active) < _AT_ONCE and (row := self._next()):
                    self._active.add(row.pid)
                    self._with_opener += 1
                    group.create_task(self._one(row), name="open")
                await self._changed.wait()

    def _next(self) -> InboxRow | None:
        while True:
            while self._fresh:
                row = self._gateway.store.read.received(self._fresh.popleft())
                if row and row.state is InboxState.ACCEPTED and row.pid not in self._active:
                    return row
            if self._read_to is None:
                return None
            self._read_on(self._read_to)

    def _read_on(self, after: bytes) -> None:
        """Go on with the pass. It sees each package once: those that cannot be opened stay accepted, and hold up nobody."""
        rows = self._gateway.store.read.unopened(_QUEUE_MAX // 2, after=after)
        self._fresh.extend(row.pid for row in rows)
        if len(rows) == _QUEUE_MAX // 2:
            self._read_to = rows[-1].pid
        else:
            self._read_to, self._again = (b"" if self._again else None), False

    async def _one(self, row: InboxRow) -> None:
        try:
            with self._gateway.under_way.one():
                try:
                    verdict = await self._judge(row)
                finally:
                    # The opener's place is free before the verdict is durable: the next package need not wait for a disk.
                    self._with_opener -= 1
                    self._changed.set()
                if verdict is not None:
                    await self._keep(row, verdict)
        finally:
            self._active.discard(row.pid)
            self._changed.set()

    async def _judge(self, row: InboxRow) -> Verdict | None:
        """The opener's verdict; None when there can be none: the payload or our key is not here, or not what it was."""
        if await self._is_key_lost(row):
            return None
        strikes, allowed = row.strikes, self._gateway.settings.opener.strikes
        while strikes < allowed:
            try:
                return await self._opener.open(row.signed, row.pid, self._gateway.payload(row.payload_sha256))
            except SandboxDiedError:
                # The opener dies on a payload that is not the one the header names, too. It was whole at rung 14, so our own disk
                # has damaged it since: no strike, and no word to its sender, whom three strikes would blame for ever.
                if not await is_whole(self._gateway, row.payload_sha256):
                    logger.error("payload damaged", extra={"pid": row.pid.hex(), "code": "payload-damaged"})
                    return None
                # I6: durable before the next attempt. That this process itself was stopped is nobody's strike.
                strikes = await self._gateway.store.write(lambda each: each.count_strike(row.pid))
                logger.warning("the opener died", extra={"pid": row.pid.hex(), "strikes": strikes})
            except StoreError as error:
                # Its payload cannot be read. It stays accepted, says so, and is tried again when an operator releases it, and at
                # the next start; the others go on.
                logger.error("payload unreadable", extra={"pid": row.pid.hex(), "code": error.code})
                note = functools.partial(_note, pid=row.pid, code=error.code)
                await self._gateway.store.write(note)
                return None
        return Verdict(code="three-strikes", record=b"")

    async def _is_key_lost(self, row: InboxRow) -> bool:
        """Whether it is sealed to a key that we had and lost: then nothing is wrong with it, and nothing bad is said of it."""
        absent = self._gateway.identity.absent
        if not absent or header_form.decode(header_form.decode_signed(row.signed).payload).kid not in absent:
            return False
        logger.error("key lost", extra={"pid": row.pid.hex(), "code": "unknown-kid"})
        await self._gateway.store.write(functools.partial(_note, pid=row.pid, code="unknown-kid"))
        return True

    async def _keep(self, row: InboxRow, verdict: Verdict) -> None:
        """Commit a verdict; while the token that signs it does not answer, or the ledger is closed, the verdict waits."""
        said = None
        while True:
            try:
                await self._commit(row, verdict)
            except ConfigurationError as error:
                if not error.retryable:
                    raise
                if error.code != said:
                    logger.warning("verdict waits", extra={"pid": row.pid.hex(), "code": error.code})
                said = error.code
                await asyncio.sleep(_TOKEN_PAUSE_SECONDS)
            else:
                return

    async def _commit(self, row: InboxRow, verdict: Verdict) -> None:
        """I7, I8: the verdict, its acknowledgement and the leg that carries it, in one batch."""
        event = Event.CONTENT_CONSIGNMENT if verdict.code is None else Event.CONTENT_CONSIGNMENT_FAILURE
        state = InboxState.CONSIGNED if verdict.code is None else InboxState.QUARANTINED
        subject, at = self._gateway.subjects.of(row.pid, row.signed), self._gateway.now()

        def operation(transaction: Transaction) -> Leg | None:
            transaction.move_received(row.pid, InboxState.ACCEPTED, state, verdict.code)
            if verdict.record:
                transaction.insert_record(row.pid, verdict.record)
            if verdict.act is not None:
                transaction.insert_act(row.pid, verdict.act, at)
            events = transaction.events_of(row.pid)
            if event in events or Event.CONTENT_CONSIGNMENT in events:
                # It came out of quarantine and went back, or was lost with a ledger and came back with our verdict of then:
                # what was said stands, and is said once.
                if state is InboxState.CONSIGNED and Event.CONTENT_HANDOVER in events:
                    transaction.move_received(row.pid, InboxState.CONSIGNED, InboxState.HANDED, None)
                return None
            acknowledgement = self._gateway.acknowledge(event, subject, verdict.code, at=at)
            return issue_with_leg(transaction, acknowledgement, at)

        leg = await self._gateway.store.write(operation, patience_seconds=VERDICT_PATIENCE_SECONDS)
        if leg is not None:
            self._on_leg(leg)
        self._news.tell(row.pid)
        if verdict.act is not None:
            self._news.tell(verdict.act.case_id)


def _note(transaction: Transaction, *, pid: bytes, code: str) -> None:
    transaction.note_unreadable(pid, code)


def issue_with_leg(transaction: Transaction, acknowledgement: IssuedAcknowledgement, now: int) -> Leg:
    """Issue an acknowledgement that travels to the sender on a leg of its own."""
    transaction.issue(acknowledgement)
    return leg_with(transaction, acknowledgement.acknowledgement, acknowledgement.aid, now)


def leg_with(transaction: Transaction, said: Acknowledgement, aid: bytes, now: int) -> Leg:
    """Insert the leg that carries an acknowledgement of ours to the package's sender."""
    leg_id = transaction.insert_leg(
        LegKind.ACKNOWLEDGEMENT, aid, said.sender, urgent=True, created=now, expires=None, about=said.pid
    )
    return Leg(
        id=leg_id,
        kind=LegKind.ACKNOWLEDGEMENT,
        ref=aid,
        peer=said.sender,
        urgent=True,
        state=LegState.READY,
        attempts=0,
        next_at=float(now),
        last_code=None,
        created=now,
        expires=None,
    )
