"""Holdings: what binds the content of a package, asked before a byte of it goes out.

Rules of this file:
- The case is folded as it stands now: a recall counts from the moment in which it is consigned here.
- P5 what is not handed out leaves a leaf that it was asked for, with why, durable before the answer. A crash before it leaves
  nothing, and nothing went out; after it a refusal too many is told, never one too few.
"""

from datetime import UTC, datetime

from emla.cases.holdings import Holding, Thing, holdings
from emla.cases.onward import Bar, bar
from emla.flow.dockets import Dockets
from emla.flow.events import CONTENT_REFUSED, event
from emla.flow.gateway import Gateway
from emla.model.errors import ConfigurationError, NotFoundError
from emla.model.package import Manifest
from emla.model.person import Caller


class Holdings:
    """What the messages of a gateway have brought, and what binds it."""

    def __init__(self, gateway: Gateway, dockets: Dockets) -> None:
        self._gateway = gateway
        self._dockets = dockets

    def now(self) -> datetime:
        """The instant at which labels are asked for."""
        return datetime.fromtimestamp(self._gateway.now(), UTC)

    async def of(self, manifest: Manifest) -> Holding | None:
        """What a package has brought; None for a message that is no act of a case."""
        held = await self._dockets.of(manifest.conversation)
        digest = manifest.parts[0].sha256
        return next((each for each in holdings(held.docket) if each.act.digest == digest), None)

    async def require_cleared(self, manifest: Manifest, number: int, caller: Caller, pid: bytes) -> None:
        """Keep a part that is marked CONFIDENTIAL, or sealed from its subject, from who is not cleared; ours as well as others'.

        What has no label that can be read is treated as if it were marked: nobody knows what is in it.

        Raises:
            ConfigurationError: ``not-cleared``.
        """
        if caller.is_cleared:
            return
        holding, at = await self.of(manifest), self.now()
        if holding is not None:
            things = things_of(holding, manifest, number) or holding.things[:1]
            if not any(holding.label(each, at).needs_clearance(at.date()) for each in things):
                return
        await self._refused(caller, pid, number, "not-cleared")
        raise ConfigurationError("not-cleared")

    async def require_usable(self, manifest: Manifest, number: int, caller: Caller, pid: bytes) -> None:
        """Refuse a part of a consigned package that may not be read any more.

        Raises:
            NotFoundError: ``recalled``, ``use-ended``, ``retention-ended`` or ``unusable``, with who and why.
        """
        holding = await self.of(manifest)
        on_hold = self._gateway.store.read.legal_hold(manifest.conversation) is not None
        barred = self.bar_of(holding, manifest, number, on_hold=on_hold) if holding is not None else None
        if barred is None:
            return
        await self._refused(caller, pid, number, barred.code)
        raise NotFoundError(barred.code, barred.detail)

    async def _refused(self, caller: Caller, pid: bytes, number: int, why: str) -> None:
        facts: dict[str, str | int] = {
            "person": caller.id,
            "what": "part",
            "id": pid.hex(),
            "part": number,
            "why": why,
        }
        await self._gateway.store.write(event(self._gateway, CONTENT_REFUSED, facts))

    def bar_of(self, holding: Holding, manifest: Manifest, number: int, *, on_hold: bool) -> Bar | None:
        """Why a part may not be read; what stands in the message under one hash is one thing."""
        own, at = self._gateway.identity.id, self.now()
        for thing in things_of(holding, manifest, number):
            barred = bar(holding, thing, own, at, on_hold=on_hold)
            if barred is not None:
                return barred
        return None


def things_of(holding: Holding, manifest: Manifest, number: int) -> tuple[Thing, ...]:
    """The things that a part is."""
    return holding.files_of(manifest.parts[number].sha256)
