"""The part of the authority API that tells what happened: a stream, or one answer (docs/reference/events.md).

Rules of this file:
- A reader holds one page in memory and no more. Who does not take it in time is cut, and comes back with the last id it saw.
- Who calls is asked anew before each page and every two seconds: a token that ended ends its streams.
- An id is sent also where nothing was for the reader, so that whoever comes back does not read all of it again.
"""

import asyncio
import logging
from dataclasses import dataclass

from aiohttp import web

from emla.flow.happenings.feed import Feed, Step
from emla.flow.happenings.sight import shown
from emla.flow.people.sight import Sight
from emla.formats.happening import compact, encode_happening
from emla.model.errors import ConfigurationError, InvalidMessageError, NotFoundError, TransportError
from emla.model.happening import Happening, HappeningType, Place, parse_place, wanted_types
from emla.model.person import Caller
from emla.ports.clock import Clock
from emla.web import views
from emla.web.queries import limit, seconds
from emla.web.rights import Rights

logger = logging.getLogger("emla.events")

_STREAM = "text/event-stream"
_RETRY_MILLISECONDS = 2000
_STEPS_MAX = 64
"""So many pages one answer looks through: a filter that finds nothing in 16,000 leaves is told how far it came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamLimits:
    """What streams may take."""

    streams: int
    """So many at once."""
    patience_seconds: float = 20.0
    """How long a reader may take for what it was sent."""
    heartbeat_seconds: float = 15.0
    look_seconds: float = 2.0
    """How often it is asked whether the caller may still read."""


class EventsApi:
    """The handler, around the feed."""

    def __init__(
        self,
        feed: Feed,
        sight: Sight,
        rights: Rights,
        clock: Clock,
        limits: StreamLimits,
    ) -> None:
        self._feed = feed
        self._sight = sight
        self._rights = rights
        self._clock = clock
        self._limits = limits

    @property
    def streams(self) -> int:
        """How many are being told at the moment."""
        return self._feed.readers

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Add the calls to the authority API's application."""
        router.add_get("/v1/events", self.get_events)

    async def get_events(self, http_request: web.Request) -> web.StreamResponse:
        """GET /v1/events: what happened behind a place; a stream where the caller accepts one."""
        if self._feed.ended:
            raise TransportError("stopping")
        types = _types(http_request)
        after = await self._after(http_request)
        if _STREAM in http_request.headers.get("Accept", ""):
            return await self._stream(http_request, after, types)
        return await self._answer(http_request, after, types)

    async def _after(self, http_request: web.Request) -> Place | None:
        """Where the caller wants to begin: behind an id, at the newest leaf, or at the first one."""
        text = http_request.headers.get("Last-Event-ID") or http_request.query.get("after") or ""
        if text == "now":
            return await self._feed.now()
        if not text:
            return None
        place = parse_place(text)
        if place is None:
            raise InvalidMessageError("bad-request", "'after' is the id of an event, or 'now'.")
        await self._feed.step(place)  # refused before an answer begins
        return place

    # --- one answer ---

    async def _answer(
        self, http_request: web.Request, after: Place | None, types: frozenset[HappeningType]
    ) -> web.Response:
        most = max(1, limit(http_request))
        end = self._clock.steady() + seconds(http_request, "wait")
        found: list[Happening] = []
        place, steps = after, 0
        while True:
            step = await self._feed.step(place)
            found += self._for(self._rights.caller_still(http_request), step, types)
            if len(found) >= most:
                del found[most:]
                place, more = found[-1].place, True
                break
            place, more, steps = step.place, step.more, steps + 1
            if more and steps < _STEPS_MAX:
                continue
            left = end - self._clock.steady()
            if found or more or left <= 0 or self._feed.ended:
                break
            await self._feed.wait(step.version, left)
        items = [encode_happening(each) for each in found]
        return views.answer({"items": items, "next": place.text if place else None, "more": more})

    def _for(self, caller: Caller, step: Step, types: frozenset[HappeningType]) -> list[Happening]:
        told = (shown(each, caller, self._sight) for each in step.happenings if each.type in types)
        return [each for each in told if each is not None]

    # --- a stream ---

    async def _stream(
        self, http_request: web.Request, after: Place | None, types: frozenset[HappeningType]
    ) -> web.StreamResponse:
        if self.streams >= self._limits.streams:
            raise TransportError("busy", f"{self._limits.streams} streams are open.")
        response = web.StreamResponse(
            headers={
                "Content-Type": _STREAM,
                "Cache-Control": "no-store",
                "X-Accel-Buffering": "no",
                "X-Content-Type-Options": "nosniff",
            }
        )
        self._feed.readers += 1
        try:
            await response.prepare(http_request)
            await self._send(response, f"retry: {_RETRY_MILLISECONDS}\n\n".encode())
            await self._tell(http_request, response, after, types)
            async with asyncio.timeout(self._limits.patience_seconds):
                await response.write_eof()
        except TimeoutError:
            logger.info("stream cut", extra={"reason": "slow"})
            if http_request.transport is not None:
                http_request.transport.abort()
        except ConnectionError:
            pass  # the reader left
        finally:
            self._feed.readers -= 1
        return response

    async def _tell(
        self,
        http_request: web.Request,
        response: web.StreamResponse,
        after: Place | None,
        types: frozenset[HappeningType],
    ) -> None:
        """Send what comes until the server stops, the reader leaves or may not read on, or the place is none any more."""
        place, sent_at = after, self._clock.steady()
        while not (self._feed.ended or _has_left(http_request)):
            try:
                step = await self._feed.step(place)
                told = self._for(self._rights.caller_still(http_request), step, types)
            except (ConfigurationError, NotFoundError) as error:
                logger.info("stream ended", extra={"code": error.code})
                return
            place, now = step.place, self._clock.steady()
            if told:
                await self._send(response, b"".join(map(_frame, told)))
            elif step.more or now - sent_at >= self._limits.heartbeat_seconds:
                await self._send(response, f"id: {place.text}\n:\n\n".encode() if place else b":\n\n")
            else:
                now = sent_at
            sent_at = now
            if not step.more:
                await self._feed.wait(step.version, self._limits.look_seconds)

    async def _send(self, response: web.StreamResponse, data: bytes) -> None:
        async with asyncio.timeout(self._limits.patience_seconds):
            await response.write(data)


def _has_left(http_request: web.Request) -> bool:
    return http_request.transport is None or http_request.transport.is_closing()


def _frame(happening: Happening) -> bytes:
    front = f"id: {happening.place.text}\nevent: {happening.type.value}\ndata: ".encode()
    return front + compact(encode_happening(happening)) + b"\n\n"


def _types(http_request: web.Request) -> frozenset[HappeningType]:
    words = tuple(filter(None, http_request.query.get("types", "").split(",")))
    found = wanted_types(words)
    if found is None:
        raise InvalidMessageError(
            "bad-request", "'types' are types of events, or what stands before their point."
        )
    return found
