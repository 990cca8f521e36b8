"""The stream of events and its twin, on a real socket: nothing is missed, nobody holds anybody up, rights end streams."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import ClientSession, StreamReader, UnixConnector, web

from emla.flow.events import CASE_REMINDER, event
from emla.flow.gateway import Gateway
from emla.flow.happenings.feed import Feed
from emla.flow.people.people import People
from emla.flow.people.sight import Sight
from emla.flow.people.tokens import Tokens
from emla.model.person import ALONE, Caller, PersonRole
from emla.store.sqlite.listings import open_listings
from emla.web.events_api import EventsApi, StreamLimits
from emla.web.problems import problem_middleware
from emla.web.rights import Rights
from tests.support.gateways import opened, until
from tests.support.patience import PATIENCE_SECONDS
from tests.support.received import AT, DE

CASE = bytes(range(16)).hex()
STREAM = {"Accept": "text/event-stream"}


@dataclass
class Desk:
    """A gateway whose events are served."""

    gateway: Gateway
    feed: Feed
    api: EventsApi
    tokens: Tokens
    path: Path
    session: ClientSession

    async def remind(self, count: int = 1, begin: int = 0) -> None:
        """Let so many things happen in one batch."""
        told = [
            event(self.gateway, CASE_REMINDER, {"case": CASE, "kind": "soon", "days": begin + number})
            for number in range(count)
        ]
        await self.gateway.store.write(lambda transaction: [each(transaction) for each in told] and None)

    async def ask(self, query: str = "", **headers: str) -> tuple[int, dict[str, object]]:
        """GET /v1/events as one answer."""
        async with self.session.get(f"/v1/events{query}", headers=headers) as answer:
            return answer.status, await answer.json(content_type=None)


@asynccontextmanager
async def served(folder: Path, limits: StreamLimits) -> AsyncIterator[Desk]:
    async with opened(folder, DE, AT) as home:
        listings = await open_listings(folder / "emla.db")
        feed = Feed(listings, home.store.read.case_of)
        home.store.on_commit(feed.tell)
        tokens = Tokens(home.gateway)
        rights = Rights(tokens)
        api = EventsApi(feed, Sight(home.gateway), rights, home.gateway.clock, limits)
        application = web.Application(
            middlewares=[problem_middleware(lambda: "0", to_peer=False), rights.middleware]
        )
        api.add_routes(application.router)
        runner = web.AppRunner(application, shutdown_timeout=1.0)
        await runner.setup()
        path = folder / "s"
        await web.UnixSite(runner, path).start()
        try:
            async with ClientSession("http://emla", connector=UnixConnector(str(path))) as session:
                yield Desk(home.gateway, feed, api, tokens, path, session)
        finally:
            feed.end()
            await runner.cleanup()
            await listings.close()


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with served(tmp_path, StreamLimits(streams=2, look_seconds=0.05)) as one:
        yield one


class Stream:
    """The frames of a stream, as a browser reads them: an id counts also where there is no data."""

    def __init__(self, lines: StreamReader) -> None:
        self._lines = lines
        self.id = ""

    async def next(self) -> dict[str, str]:
        """The next frame: its fields by name, a comment under no name."""
        fields: dict[str, str] = {}
        async with asyncio.timeout(PATIENCE_SECONDS):
            async for line in self._lines:
                text = line.decode().rstrip("\n")
                if not text:
                    break
                name, _, value = text.partition(":")
                fields[name] = value.removeprefix(" ")
        self.id = fields.get("id", self.id)
        return fields

    async def days(self) -> int:
        """The days of the next reminder."""
        while "data" not in (frame := await self.next()):
            assert frame, "the stream ended"
        return int(json.loads(frame["data"])["days"])


@asynccontextmanager
async def stream(desk: Desk, query: str = "", **headers: str) -> AsyncIterator[Stream]:
    async with desk.session.get(f"/v1/events{query}", headers=STREAM | headers) as answer:
        assert answer.status == 200, await answer.text()
        assert answer.content_type == "text/event-stream"
        yield Stream(answer.content)


async def test_a_stream_tells_what_is_there_and_what_comes_and_goes_on_behind_the_last_id(desk: Desk) -> None:
    await desk.remind(2)
    async with stream(desk) as told:
        assert await told.next() == {"retry": "2000"}
        assert [await told.days() for _ in range(2)] == [0, 1]
        await desk.remind(begin=2)
        assert await told.days() == 2
        last = told.id
    await desk.remind(begin=3)
    async with stream(desk, **{"Last-Event-ID": last}) as told:
        assert await told.days() == 3
        await desk.remind(begin=4)
        assert await told.days() == 4
    async with stream(desk, "?after=now") as told:
        await told.next()
        await desk.remind(begin=5)
        assert await told.days() == 5


async def test_a_frame_is_an_event_with_its_id_type_and_ids_and_nothing_else(desk: Desk) -> None:
    await desk.remind()
    async with stream(desk) as told:
        await told.next()
        frame = await told.next()
    assert sorted(frame) == ["data", "event", "id"]
    data = json.loads(frame["data"])
    assert frame["event"] == data["type"] == "case.reminder"
    assert frame["id"] == data["id"]
    assert sorted(data) == ["at", "case", "days", "id", "kind", "pid", "type"]


async def test_one_answer_has_what_is_there_and_says_behind_what_to_ask(desk: Desk) -> None:
    await desk.remind(7)
    days: list[object] = []
    query = "?limit=3"
    for more in (True, True, False):
        _, answer = await desk.ask(query)
        days += [each["days"] for each in answer["items"]]  # type: ignore[attr-defined]
        assert answer["more"] is more
        query = f"?limit=3&after={answer['next']}"
    assert days == list(range(7))
    assert (await desk.ask(query))[1]["items"] == []
    status, answer = await desk.ask("?after=now")
    assert (status, answer["items"]) == (200, [])
    assert query.endswith(str(answer["next"]))


async def test_one_answer_waits_for_the_first_event_that_is_wanted(desk: Desk) -> None:
    asking = asyncio.create_task(desk.ask("?types=case.reminder&wait=60"))
    other = event(desk.gateway, "content.read", {"person": "p", "what": "part", "id": "x"})
    await desk.gateway.store.write(other)
    assert not asking.done()
    await desk.remind()
    _, answer = await asking
    assert [each["type"] for each in answer["items"]] == ["case.reminder"]  # type: ignore[attr-defined]


async def test_who_wants_other_types_is_told_how_far_it_came(desk: Desk) -> None:
    await desk.remind(600)
    async with stream(desk, "?types=sent") as told:
        await told.next()
        frames = [await told.next() for _ in range(2)]
        assert all(frame.keys() == {"id", ""} for frame in frames)
        # Two pages of 256 are passed, and whoever comes back does not read them again.
        assert [frame["id"].split(".")[1] for frame in frames] == ["255", "511"]
    _, answer = await desk.ask("?types=sent")
    assert (answer["items"], answer["more"]) == ([], False)
    assert str(answer["next"]).split(".")[1] == "599"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("?after=17", "bad-request"),
        ("?after=1.0.00000000", "place-unknown"),
        ("?after=9.0.00000000", "place-unknown"),
        ("?types=sent,received,king", "bad-request"),
        ("?wait=soon", "bad-request"),
        ("?limit=-1", "bad-request"),
    ],
)
async def test_a_call_that_cannot_be_answered_is_refused_before_a_stream_begins(
    desk: Desk, query: str, code: str
) -> None:
    await desk.remind()
    assert (await desk.ask(query))[1]["code"] == code
    if "wait" not in query and "limit" not in query:
        async with desk.session.get(f"/v1/events{query}", headers=STREAM) as answer:
            assert (await answer.json(content_type=None))["code"] == code


async def test_so_many_may_stream_and_no_more_until_one_leaves(desk: Desk) -> None:
    async with stream(desk) as one:
        await one.next()
        async with stream(desk) as two:
            await two.next()
            async with desk.session.get("/v1/events", headers=STREAM) as third:
                assert (await third.json(content_type=None))["code"] == "busy"
        await until(lambda: desk.api.streams == 1)
        async with stream(desk) as again:
            await again.next()


async def hire(desk: Desk, name: str, role: PersonRole) -> str:
    """Put somebody on record; the token."""
    people, by = People(desk.gateway), ALONE
    if not desk.gateway.store.read.any_person():
        await people.add(by, name="kay", full_name="Kay", roles=frozenset({PersonRole.KEY_CUSTODIAN}))
    by, roles = Caller(id="kay", roles=frozenset({PersonRole.KEY_CUSTODIAN})), frozenset({role})
    person, _ = await people.add(by, name=name, full_name=name, roles=roles)
    _, text = await desk.tokens.make(person, roles=roles, label="case system", days=1)
    return text


async def test_a_token_that_ends_ends_its_stream_and_what_is_not_for_the_caller_is_never_sent(
    desk: Desk,
) -> None:
    cara = await hire(desk, "cara", PersonRole.CENTRAL_OFFICER)
    otto = await hire(desk, "otto", PersonRole.OPERATOR)
    ada = await hire(desk, "ada", PersonRole.AUDITOR)
    assert (await desk.ask())[1]["code"] == "not-authenticated"
    assert (await desk.ask(Authorization=f"Bearer {ada}"))[1]["code"] == "not-allowed"
    await desk.remind()
    assert (await desk.ask(Authorization=f"Bearer {otto}"))[1]["items"] == []
    async with stream(desk, "?types=case.reminder", Authorization=f"Bearer {cara}") as told:
        assert await told.days() == 0
        found = desk.gateway.store.read.person("cara")
        assert found is not None
        (token,) = [each for each in desk.gateway.store.read.tokens(found.id) if each.roles]
        await desk.tokens.revoke(ALONE, token.id)
        await desk.remind(begin=1)
        while frame := await told.next():
            assert "data" not in frame
    await until(lambda: desk.api.streams == 0)


async def test_a_stop_ends_every_stream_cleanly_and_takes_no_new_one(desk: Desk) -> None:
    async with stream(desk) as told:
        await told.next()
        desk.feed.end()
        assert await told.next() == {}
    assert (await desk.ask())[1]["code"] == "stopping"


async def test_a_quiet_stream_is_kept_alive_and_keeps_its_place(tmp_path: Path) -> None:
    limits = StreamLimits(streams=2, look_seconds=0.01, heartbeat_seconds=0.0)
    async with served(tmp_path, limits) as desk, stream(desk) as told:
        await told.next()
        assert await told.next() == {"": ""}
        await desk.remind()
        await told.days()
        assert await told.next() == {"id": told.id, "": ""}


async def test_a_reader_that_does_not_read_is_cut_and_holds_nobody_up(tmp_path: Path) -> None:
    limits = StreamLimits(streams=2, patience_seconds=0.3, look_seconds=0.05)
    async with served(tmp_path, limits) as desk:
        await desk.remind(3000)
        _, writer = await asyncio.open_unix_connection(desk.path, limit=1024)
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        writer.write(b"GET /v1/events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n")
        await until(lambda: desk.api.streams == 1)
        # As often as it takes to fill what the kernel holds between the two.
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while desk.api.streams:
                    await desk.remind(3000)
                    _, answer = await desk.ask("?after=now")
                    assert answer["items"] == []
        finally:
            writer.transport.abort()
