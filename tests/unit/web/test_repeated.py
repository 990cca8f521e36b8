"""A call with an Idempotency-Key that comes again is answered as the first time, and nothing is done twice."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.typedefs import Handler

from emla.client.repeating import key_headers, repeating
from emla.flow.documents.own import Own
from emla.flow.documents.upkeep import Upkeep
from emla.flow.people.people import People
from emla.flow.people.reads import Reads
from emla.flow.people.tokens import Tokens
from emla.flow.record_backup import RecordBackup
from emla.flow.repeats import Repeats
from emla.model.errors import StoreError
from emla.ports.keys import PrivateKeys
from emla.ports.repeats import KEPT_SECONDS
from emla.web.backups_api import BackupsApi
from emla.web.people_api import PeopleApi
from emla.web.problems import problem_middleware
from emla.web.repeated import Repeated
from emla.web.rights import Rights
from tests.support.gateways import Home, TurnedClock, opened, rows
from tests.support.received import AT, DE

KEY = "8e03978e-40d5-43e8-bc93-6894a57f9324"
BACKUP: dict[str, object] = {"id": "0" * 32, "kid": "1" * 32, "size": 5, "ledger_size": 6}
ANNA: dict[str, object] = {"name": "anna", "full_name": "Anna", "roles": ["key_custodian"]}


@dataclass
class Desk:
    """A gateway's own calls. `held` holds a handler up after it has been reached."""

    home: Home
    client: "TestClient[web.Request, web.Application]"
    reached: asyncio.Event
    let_go: asyncio.Event

    async def call(
        self, path: str, body: object, key: str | None = KEY, token: str = "", method: str = "POST"
    ) -> tuple[int, Mapping[str, object], bool]:
        """Status, answer, and whether it was answered before."""
        headers = {"Idempotency-Key": key} if key else {}
        headers |= {"Authorization": f"Bearer {token}"} if token else {}
        answer = await self.client.request(method, path, json=body, headers=headers)
        found = await answer.json(content_type=None)
        return answer.status, found, answer.headers.get("Idempotency-Replayed") == "true"

    async def code(self, path: str, body: object, key: str | None = KEY, token: str = "") -> str:
        return str((await self.call(path, body, key, token))[1].get("code", "ok"))

    @property
    def backups(self) -> int:
        """How many backups stand in the ledger."""
        return len(self.home.gateway.store.read.events("backup.created", 100))


@asynccontextmanager
async def desk(folder: Path, clock: TurnedClock | None = None) -> AsyncIterator[Desk]:
    async with opened(folder, DE, AT, clock=clock) as home:
        gateway, reached, let_go = home.gateway, asyncio.Event(), asyncio.Event()
        let_go.set()

        @web.middleware
        async def slow(request: web.Request, handler: Handler) -> web.StreamResponse:
            reached.set()
            await let_go.wait()
            return await handler(request)

        tokens = Tokens(gateway)
        between = [
            problem_middleware(lambda: "1", to_peer=False),
            Rights(tokens).middleware,
            Repeated(Repeats(gateway)).middleware,
            slow,
        ]
        application = web.Application(middlewares=between)
        BackupsApi(RecordBackup(gateway)).add_routes(application.router)
        PeopleApi(gateway, People(gateway), tokens, Reads(gateway)).add_routes(application.router)
        async with TestClient(TestServer(application)) as client:
            yield Desk(home, client, reached, let_go)


async def test_the_same_call_with_the_same_key_is_done_once_and_answered_alike(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        first = await one.call("/v1/backups", BACKUP)
        assert first[0] == 201
        assert await one.call("/v1/backups", BACKUP) == (*first[:2], True)
        assert await one.call("/v1/backups", BACKUP, f'"{KEY}"') == (*first[:2], True)
        assert one.backups == 1
        assert await one.call("/v1/backups", BACKUP, None) == (201, first[1], False)
        assert await one.code("/v1/backups", BACKUP, "another key of its own") == "bad-request"
        assert await one.code("/v1/backups", BACKUP, "another-key-of-its-own") == "ok"
        assert one.backups == 3


async def test_it_is_kept_over_a_restart(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        first = await one.call("/v1/backups", BACKUP)
    async with desk(tmp_path) as again:
        assert await again.call("/v1/backups", BACKUP) == (*first[:2], True)
        assert again.backups == 1


async def test_another_request_under_the_same_key_is_refused(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        await one.call("/v1/backups", BACKUP)
        for path, body in (("/v1/backups", BACKUP | {"size": 6}), ("/v1/people", ANNA)):
            assert await one.code(path, body) == "idempotency-key-reused"
        assert (one.backups, one.home.gateway.store.read.any_person()) == (1, False)


async def test_while_it_is_under_way_the_second_is_told_to_wait(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        one.let_go.clear()
        first = asyncio.create_task(one.call("/v1/backups", BACKUP))
        await one.reached.wait()
        one.reached.clear()
        second = asyncio.create_task(one.code("/v1/backups", BACKUP))
        begun = asyncio.create_task(one.reached.wait())
        await asyncio.wait({second, begun}, return_when=asyncio.FIRST_COMPLETED)
        begun.cancel()
        one.let_go.set()
        assert await second == "idempotency-key-in-use"
        assert (await first)[0] == 201
        assert (await one.call("/v1/backups", BACKUP))[2]
        assert one.backups == 1


async def test_what_was_refused_may_come_again_under_its_key(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        assert await one.code("/v1/backups", {"id": "x"}) == "bad-request"
        assert (await one.call("/v1/backups", BACKUP))[0] == 201


async def test_a_key_is_its_token_s_and_nobody_else_is_told_its_answer(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        _, answer, _ = await one.call("/v1/people", ANNA, None)
        _, token, _ = await one.call("/v1/self/tokens", {"label": "a"}, None, str(answer["invitation"]))
        _, other, _ = await one.call("/v1/self/tokens", {"label": "b"}, None, str(token["token"]))
        body = ANNA | {"name": "bert"}
        first = await one.call("/v1/people", body, token=str(token["token"]))
        assert first[0] == 201
        assert await one.call("/v1/people", body, token=str(token["token"])) == (*first[:2], True)
        assert await one.code("/v1/people", body, token=str(other["token"])) == "name-taken"
        assert await one.code("/v1/people", body) == "not-authenticated"
        # A key means nothing where a token is made: each call makes one.
        assert not (await one.call("/v1/self/tokens", {"label": "c"}, token=str(token["token"])))[2]
        assert not (await one.call("/v1/self/tokens", {"label": "c"}, token=str(token["token"])))[2]


async def test_nothing_of_an_answer_that_is_kept_can_be_read_in_the_folder(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        _, answer, _ = await one.call("/v1/people", ANNA)
        assert rows(tmp_path)["kept_answer"] == 1
        secret = str(answer["invitation"]).split("_", 2)[2].encode()
        assert len(secret) > 20
        for path in tmp_path.rglob("*"):
            if path.is_file():
                found = path.read_bytes()
                assert secret not in found, path
                assert KEY.encode() not in found, path


async def test_it_is_kept_for_a_day_and_then_let_go(tmp_path: Path) -> None:
    clock = TurnedClock()
    async with desk(tmp_path, clock) as one:
        await one.call("/v1/backups", BACKUP)
        clock.at += KEPT_SECONDS - 60
        assert (await one.call("/v1/backups", BACKUP))[2]
        clock.at += 120
        assert not (await one.call("/v1/backups", BACKUP))[2]
        clock.at += KEPT_SECONDS + 60
        await one.call("/v1/backups", BACKUP, "another-key-of-its-own")
        assert rows(tmp_path)["kept_answer"] == 1


async def test_they_end_also_where_no_other_call_follows(tmp_path: Path) -> None:
    clock = TurnedClock()
    async with desk(tmp_path, clock) as one:
        await one.call("/v1/backups", BACKUP)
        upkeep = Upkeep(one.home.gateway, cast(Own, None), cast(PrivateKeys, None))
        await upkeep.let_go()
        assert rows(tmp_path)["kept_answer"] == 1
        clock.at += KEPT_SECONDS + 60
        await upkeep.let_go()
        assert rows(tmp_path)["kept_answer"] == 0


async def test_what_was_done_is_answered_as_done_when_its_answer_cannot_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk(tmp_path) as one:
        store = one.home.gateway.store
        real, seen = store.write, 0

        async def full(*given: Any, **named: Any) -> Any:
            nonlocal seen
            seen += 1
            if seen == 2:
                raise StoreError("disk-full")
            return await real(*given, **named)

        monkeypatch.setattr(store, "write", full)
        assert (await one.call("/v1/backups", BACKUP))[0] == 201
        assert (seen, one.backups) == (2, 1)


async def test_the_client_gives_the_key_to_the_call_that_is_made_with_it() -> None:
    assert key_headers("POST") == {}
    with repeating(KEY):
        assert key_headers("POST") == {"Idempotency-Key": KEY}
        assert key_headers("GET") == {}
    assert key_headers("POST") == {}
