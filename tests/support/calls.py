"""Calls to a running server that several integration tests make."""

import asyncio
import io
import json
import secrets
from collections.abc import Callable
from typing import cast

import aiohttp

from tests.support.gateways import select
from tests.support.messages import ATTACHMENT_NAME, Template
from tests.support.servers import Server, submission

Json = dict[str, object]


def fresh(template: Template) -> bytes:
    """The document under ids nobody used."""
    return template.fill(secrets.token_bytes(16), secrets.token_bytes(16))


def body_of(template: Template, main: bytes | None = None) -> bytes:
    """A submission of a template."""
    return submission(main or fresh(template), [(ATTACHMENT_NAME, template.attachment)])


async def post(server: Server, body: bytes | io.BytesIO, wait: int = 0) -> tuple[int, Json]:
    """Hand in a submission; the status and what was answered."""
    async with server.client() as client:
        answer = await client.post("/v1/messages", params={"wait": str(wait)}, data=body)
        return answer.status, cast(Json, await answer.json(content_type=None))


async def get(server: Server, path: str) -> tuple[int, Json]:
    """Read something."""
    async with server.client() as client:
        answer = await client.get(path)
        return answer.status, cast(Json, await answer.json(content_type=None))


async def post_nothing(server: Server, path: str) -> int:
    """Ask for something to be done."""
    async with server.client() as client:
        answer = await client.post(path)
        await answer.read()
        return answer.status


async def operations(server: Server, path: str) -> tuple[int, Json]:
    """Read from the operations listener."""
    async with (
        aiohttp.ClientSession() as client,
        client.get(f"http://127.0.0.1:{server.operations_port}{path}") as answer,
    ):
        return answer.status, cast(Json, await answer.json())


async def metrics(server: Server) -> dict[str, float]:
    """Every figure of /metrics, under its name with its labels."""
    async with (
        aiohttp.ClientSession() as client,
        client.get(f"http://127.0.0.1:{server.operations_port}/metrics") as answer,
    ):
        lines = (await answer.text()).splitlines()
    found = (line.rpartition(" ") for line in lines if not line.startswith("#"))
    return {name: float(value) for name, _, value in found}


async def eventually(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until something is so; what is so late that nobody waits for it any more fails the test."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.05)


def leg_row(server: Server) -> tuple[str, int, float, str | None]:
    """State, attempts, next instant and last code of the only package leg."""
    ((state, attempts, next_at, code),) = select(
        server.data, "SELECT state, attempts, next_at, last_code FROM leg WHERE kind = 'package'"
    )
    assert isinstance(attempts, int)
    assert isinstance(next_at, float)
    return str(state), attempts, next_at, None if code is None else str(code)


def log_lines(server: Server) -> list[Json]:
    """Every line of the log; each must be one JSON object."""
    found = []
    for line in server.log.read_text("ascii").splitlines():
        value = json.loads(line)
        assert isinstance(value, dict), line
        found.append(cast(Json, value))
    return found
