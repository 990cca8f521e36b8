"""refresh: every peer is visited once an hour, and at once when there is a sign that somebody's documents are old.

A visit pings the peer, fetches its documents, and pushes our own when it may not have them. A peer without an endpoint cannot be
pinged or asked: ours are left for it at its hub, and its own come out of our mailbox. Signs are: a header or ping names a
newer card of theirs, or an older one of ours; a peer refuses what an old document explains; we have published something.
Visits are bounded in time and bytes by the transport, one at a time for each peer, and never closer together than a minute.
"""

import asyncio
import contextlib
import logging
from dataclasses import dataclass, field

from emla.flow.documents.peers import PingPeer
from emla.flow.documents.take_documents import TakeDocuments
from emla.flow.gateway import Gateway
from emla.flow.line.ways import Ways
from emla.formats.export import encode_export
from emla.model.documents import Authority
from emla.model.errors import EmlaError, IllegalTransitionError, InvalidDocumentError, TransportError
from emla.ports.hub_line import HubLine
from emla.ports.transport import Refusal, Transport

logger = logging.getLogger("emla.refresh")

_EVERY_SECONDS = 3600.0
_FIRST_SECONDS = 300.0
"""Not all at once after a start, and not while a start settles."""
_APART_SECONDS = 60.0
_VISITS_MAX = 8
_SIGNS = frozenset(
    {
        "stale-card",
        "unknown-kid",
        "bad-signature",
        "bad-call-signature",
        "revoked-key",
        "frozen",
        "stale-peer",
    }
)
"""Refusals that an old document may explain. A hub that has not heard of our newest key says so of our calls."""


@dataclass(slots=True)
class _Plan:
    """When a peer is visited next (steady seconds), and what for besides the hourly round."""

    hourly_at: float
    last: float | None = None
    """When the last visit ended."""
    fetch: bool = False
    push: bool = False
    push_later: bool = False
    """The last push did not arrive: it goes with the next hourly visit, or when the peer makes contact."""
    unheard: bool = False
    """The peer may not have our documents yet: a push is due, under way, or did not arrive."""
    answered: set[str] = field(default_factory=set)
    """Refusals that have led to a visit since the last hourly round or change of ours: each does so once."""
    under_way: bool = False

    def due_at(self) -> float:
        """When the next visit may begin."""
        if not (self.fetch or self.push):
            return self.hourly_at
        return 0.0 if self.last is None else min(self.hourly_at, self.last + _APART_SECONDS)


class Refresh:
    """The visits; runs until cancelled."""

    def __init__(
        self,
        gateway: Gateway,
        transport: Transport,
        ping: PingPeer,
        take: TakeDocuments,
        hub_line: HubLine | None = None,
        ways: Ways | None = None,
    ) -> None:
        """Args: the gateway, the line to peers, the journeys of a visit; the line to hubs, None where none is to be used."""
        self._gateway = gateway
        self._transport = transport
        self._hub_line = hub_line
        self._ways = ways or Ways(gateway)
        self._ping = ping
        self._take = take
        self._plans: dict[str, _Plan] = {}
        self._changed = asyncio.Event()

    # --- signs ---

    def cards_seen(self, peer: str, theirs: int, ours: int) -> None:
        """A peer named its own card's version, and the version of ours that it has in hand (0: it did not say)."""
        known = self._gateway.directory.find(peer)
        if known is None:
            return
        self._want(
            peer,
            fetch=theirs > known.card.version,
            push=0 < ours < self._gateway.identity.card.version,
        )

    def contact(self, peer: str) -> None:
        """A peer made contact: what could not be pushed to it goes now."""
        plan = self._plans.get(peer)
        if plan is not None and plan.push_later:
            self._want(peer, fetch=False, push=True)

    def refused(self, peer: str, code: str) -> None:
        """A peer refused something of ours."""
        plan = self._plan(peer)
        # Whoever refuses is there: what could not be pushed goes now, too.
        if code in _SIGNS and (code not in plan.answered or plan.push_later):
            plan.answered.add(code)
            self._want(peer, fetch=True, push=True)

    def unheard(self, peer: str) -> bool:
        """Whether a peer may not have our documents yet."""
        plan = self._plans.get(peer)
        return plan is not None and plan.unheard

    def published(self) -> None:
        """Our own documents have changed: every peer is to have them."""
        for peer in self._gateway.directory.peers:
            plan = self._plan(peer)
            plan.push = plan.unheard = True
            plan.last = None  # news of our own need not wait for their minute
            plan.answered.clear()
        self._changed.set()

    def _want(self, peer: str, *, fetch: bool, push: bool) -> None:
        if fetch or push:
            plan = self._plan(peer)
            plan.fetch |= fetch
            plan.push |= push
            plan.unheard |= push
            self._changed.set()

    def _plan(self, peer: str) -> _Plan:
        if peer not in self._plans:
            chance = int.from_bytes(self._gateway.entropy(4), "big") / 2**32
            first = _FIRST_SECONDS + chance * (_EVERY_SECONDS - _FIRST_SECONDS)
            # A start does not know what of ours arrived before it. Who can ask us does so within the hour; for others we tell.
            untold = not _can_be_asked(self._gateway.identity.authority)
            hourly_at = self._gateway.clock.steady() + first
            self._plans[peer] = _Plan(hourly_at=hourly_at, push_later=untold, unheard=untold)
        return self._plans[peer]

    # --- visits ---

    async def run(self) -> None:
        """Visit peers when it is time, until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                self._changed.clear()
                wait = self._start_due(group)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._changed.wait()

    def _start_due(self, group: asyncio.TaskGroup) -> float:
        peers = self._gateway.directory.peers
        for gone in self._plans.keys() - peers.keys():
            del self._plans[gone]
        steady, next_at = self._gateway.clock.steady(), self._gateway.clock.steady() + _EVERY_SECONDS
        for peer in list(peers):
            plan = self._plan(peer)
            if plan.under_way:
                continue
            if plan.due_at() > steady:
                next_at = min(next_at, plan.due_at())
            elif sum(each.under_way for each in self._plans.values()) < _VISITS_MAX:
                plan.under_way = True
                group.create_task(self._visit(peer, plan), name=f"visit-{peer}")
        return max(0.05, min(60.0, next_at - steady))

    async def _visit(self, peer: str, plan: _Plan) -> None:
        hourly = plan.hourly_at <= self._gateway.clock.steady()
        if hourly:
            plan.answered.clear()
        fetch, push = plan.fetch or hourly, plan.push or (hourly and plan.push_later)
        plan.fetch = plan.push = plan.push_later = False
        try:
            plan.push_later = push and not await self._pushed(peer)
            if push and not (plan.push_later or plan.push):
                plan.unheard = False
            if hourly and self._answers(peer):
                await self._pinged(peer)
            if fetch and self._answers(peer):
                await self.fetch(peer)
        except EmlaError as error:
            logger.info("visit failed", extra={"peer": peer, "code": error.code})
        except IllegalTransitionError:
            raise  # a bug of ours about what is stored: nothing may go on
        except Exception:  # a bug of ours about one peer is not the others' trouble
            logger.exception("visit broke", extra={"peer": peer, "code": "internal"})
        finally:
            now = self._gateway.clock.steady()
            plan.last, plan.under_way = now, False
            if hourly:
                chance = int.from_bytes(self._gateway.entropy(4), "big") / 2**32
                plan.hourly_at = now + _EVERY_SECONDS * (0.9 + 0.2 * chance)
            self._changed.set()

    def _answers(self, peer: str) -> bool:
        """Whether a peer can be asked anything at all."""
        authority = self._gateway.directory.find(peer)
        return authority is not None and _can_be_asked(authority)

    async def _pinged(self, peer: str) -> None:
        if authority := self._gateway.directory.find(peer):
            await self._ping.ping(authority)

    async def _pushed(self, peer: str) -> bool:
        """Give a peer our documents; whether it has them now."""
        authority = self._gateway.directory.find(peer)
        if authority is None:
            return True
        own, line = self._gateway.identity.authority, self._hub_line
        exported = encode_export(own.documents)
        hub = None
        try:
            went = await self._ways(
                authority,
                lambda: self._transport.put_documents(authority, own.id, exported),
                (lambda each: line.deposit_documents(each, own.id, exported, owner=peer)) if line else None,
            )
            refusal, hub = went.answer, went.hub
        except EmlaError as error:
            refusal = Refusal(code=error.code)
        if refusal is None:
            if hub is None:
                self._gateway.signals.wake(peer)
            return True
        logger.info("push refused", extra={"peer": peer, "code": refusal.code})
        # What it refuses as contradicting is not to be repeated every minute; the next hour or change of ours will.
        final = ("unknown-sender", "document-rollback", "peer-conflict", "invalid-document")
        return hub is None and refusal.code in final

    async def fetch(self, peer: str) -> bool:
        """Fetch a peer's documents from its gateway and take them; whether anything is new.

        Raises:
            TransportError: it was not reached, or answered something else.
            InvalidDocumentError: what it answered cannot follow what is known.
        """
        answer = b""
        for _ in range(2):
            authority = self._gateway.directory.find(peer)
            if authority is None:
                raise InvalidDocumentError("unknown-sender", f"'{peer}' is not pinned here.")
            got = await self._transport.get_documents(authority)
            if isinstance(got, Refusal):
                raise TransportError("peer-nonsense", f"The peer answered '{got.code}'.")
            answer = got
            if self._gateway.directory.find(peer) is authority:
                break
            # While it was under way the peer pushed newer ones: beside those, an honest answer would look like a rollback.
        return await self._take(peer, answer, fetched=True)


def _can_be_asked(authority: Authority) -> bool:
    """Whether others reach it by a line of its own, and so can fetch its documents."""
    return bool(authority.card.endpoints or not authority.card.hubs)
