"""ways: how something reaches a peer: directly, or through a hub that its card names when the direct line fails or there is none.

Rules of this file:
- Directly first. A line that has just failed is left alone for a while, so that not each of a thousand legs waits for the same
  time-out; one of them tries it now and then, and contact from the peer ends the pause.
- Only hubs that are pinned here, and neither frozen nor held. What a hub says is for its caller to verify, and is never delivery.
- A peer's own unsigned refusal is an answer: its line works, and no hub is asked to do better.
- A hub's refusal is this hub's alone: the next one is asked. One that takes and hides does not keep the next one unused, either:
  each time another one is asked first. Two hubs that hold the same are harmless.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from emla.flow.gateway import Gateway
from emla.flow.line.refusals import blame
from emla.model.documents import Authority
from emla.model.errors import TransportError
from emla.ports.transport import Refusal

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
_PAUSE_SECONDS = 30.0
_PAUSE_SECONDS_MAX = 15 * 60.0
_TURN_SECONDS = 3600
_OURS = frozenset({"internal", "payload-damaged"})
"""Failures that are no failure of the line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Went(Generic[T_co]):
    """What came of it: the answer, the hub that gave it (None: the peer itself), and why it did not go directly.

    Of a hub's refusal also why it did not go through another hub, which may take it later.
    """

    answer: T_co
    hub: Authority | None = None
    code: str | None = None


def blamed_on(went: Went[object], peer: Authority, refusal: Refusal) -> Refusal:
    """What a leg is told of a refusal: a hub's is no reason to put aside what its peer has a line of its own for, or another hub.

    It is then as if only that line had failed: a hub may delay, and must not make people's decisions necessary.
    """
    is_only_way = not peer.card.endpoints and went.code is None
    if went.hub is None or is_only_way or not blame(refusal, own=False).leg:
        return refusal
    return Refusal(code=went.code or "peer-unreachable", retry_after_seconds=refusal.retry_after_seconds)


@dataclass(slots=True)
class _Down:
    """A line that failed so often in a row, and when it is tried again (steady seconds)."""

    failures: int
    until: float
    code: str = ""
    """Why it failed last."""


class Ways:
    """Chooses the way, and remembers which lines are down; in memory, because a restart may well try them all."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._down: dict[str, _Down] = {}
        self._asked: set[int] = set()
        """Legs that a person wants tried, and that were not since."""

    def hubs(self, peer: Authority) -> list[Authority]:
        """The hubs through which a peer can be reached from here, in its own order."""
        found = (self._gateway.directory.peers.get(each) for each in peer.card.hubs)
        return [each.authority for each in found if each and not each.row.held and not each.authority.frozen]

    def no_way(self, peer: Authority) -> bool:
        """Whether a peer can be reached through hubs only, and none of them is pinned here."""
        return bool(not peer.card.endpoints and peer.card.hubs and not self.hubs(peer))

    def contact(self, who: str) -> None:
        """A peer called us, or a hub answered: its line is up again, and what waited for that need not wait any longer."""
        if self._down.pop(who, None) is None:
            return
        for peer in list(self._gateway.directory.peers.values()):
            if who in peer.authority.card.hubs:
                self._gateway.signals.wake(peer.authority.id)

    def ask(self, leg_id: int, to: str) -> None:
        """A person wants a leg tried now: the pauses of its lines are over, and whatever made it wait is passed over once."""
        self._asked.add(leg_id)
        peer = self._gateway.directory.find(to)
        for each in (to, *(peer.card.hubs if peer else ())):
            self._down.pop(each, None)

    def was_asked(self, leg_id: int) -> bool:
        """Whether a person wants a leg tried; it is told once."""
        asked = leg_id in self._asked
        self._asked.discard(leg_id)
        return asked

    def may_try(self, to: str) -> bool:
        """Whether a line is worth a try now. Whoever is told so when its pause is over is the one who tries."""
        down = self._down.get(to)
        if down is None:
            return True
        steady = self._gateway.clock.steady()
        if steady < down.until:
            return False
        down.until = steady + _PAUSE_SECONDS
        return True

    def _failed(self, to: str, code: str) -> None:
        down = self._down.setdefault(to, _Down(0, 0.0))
        down.failures, down.code = down.failures + 1, code
        pause = min(_PAUSE_SECONDS_MAX, _PAUSE_SECONDS * 2.0 ** min(down.failures - 1, 8))
        down.until = self._gateway.clock.steady() + pause

    def _in_turn(self, peer: Authority, turn: int | None) -> list[Authority]:
        hubs = self.hubs(peer)
        if turn is None:
            turn = self._gateway.now() // _TURN_SECONDS
        first = turn % len(hubs) if hubs else 0
        return hubs[first:] + hubs[:first]

    def _unreached(self, hubs: list[Authority]) -> str | None:
        """Why one of the hubs was not reached; None when all have answered."""
        return next((down.code for each in hubs if (down := self._down.get(each.id))), None)

    async def __call__(
        self,
        peer: Authority,
        direct: Callable[[], Awaitable[T]],
        deposit: Callable[[Authority], Awaitable[T]] | None,
        turn: int | None = None,
    ) -> Went[T]:
        """Bring something to a peer.

        Args:
            peer: the peer.
            direct: brings it to the peer's own gateway.
            deposit: leaves it with a hub; None: no hub is to be asked. Whatever it answers but a refusal is an end.
            turn: how often hubs were asked to take this before: the first one asked is another each time. None: each hour.

        Raises:
            TransportError: no way led anywhere; the last failure.
        """
        hubs = self._in_turn(peer, turn) if deposit else []
        failure: TransportError | None = None
        if not hubs or (peer.card.endpoints and self.may_try(peer.id)):
            try:
                answer = await direct()
            except TransportError as error:
                if error.code in _OURS:
                    raise
                self._failed(peer.id, error.code)
                failure = error
            else:
                self.contact(peer.id)
                return Went(answer=answer)
        down = self._down.get(peer.id) if peer.card.endpoints else None
        code = down.code if down else None
        refused: Went[T] | None = None
        is_final = True
        for hub in [each for each in hubs if self.may_try(each.id)] or hubs[:1]:
            assert deposit is not None
            try:
                answer = await deposit(hub)
            except TransportError as error:
                if error.code in _OURS:
                    raise
                self._failed(hub.id, error.code)
                failure = error
                continue
            self.contact(hub.id)
            went = Went(answer=answer, hub=hub, code=code)
            if not isinstance(answer, Refusal):
                return went
            if refused is None or is_final:  # what time mends is told before what it does not
                refused, is_final = went, blame(answer, own=False).leg
        if refused:
            return replace(refused, code=code or self._unreached(hubs))
        raise failure or TransportError("peer-unreachable")
