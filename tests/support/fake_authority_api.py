"""The authority API as docs/reference/authority-api.md promises it, on a real Unix socket, without a gateway.

What is submitted is kept in memory and acknowledged at once, so that tests of client and command line need no
second authority. Rules that the real gateway has and these tests need are here; cryptography is not.
"""

import asyncio
import contextlib
import hashlib
import json
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NotRequired, TypedDict

from aiohttp import StreamReader, web

from emla.formats import documents as form
from emla.formats import export
from emla.formats.strict_json import Json
from emla.model.acknowledgement import PROVES, Event
from emla.model.codes import CODES
from emla.model.signed import PayloadType
from emla.steps.trust import trust_documents
from tests.support import fake_legs

AT = "2026-11-23T20:50:37Z"
EXPIRES = "2027-01-22T20:50:37Z"
Body = dict[str, object]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Table(TypedDict):
    """The JSON at the beginning of a submission."""

    parts: list[Body]
    prio: NotRequired[str]


@dataclass
class FakeAuthority:
    """What the fake knows and what it was asked. Tests change it between calls."""

    authority: str = "jp.moj"
    messages: dict[str, Body] = field(default_factory=dict)
    contents: dict[tuple[str, int], bytes] = field(default_factory=dict)
    peers: dict[str, Body] = field(default_factory=dict)
    legs: list[Body] = field(default_factory=list)
    changes: list[Body] = field(default_factory=list)
    keys: Body = field(default_factory=dict)
    officers: Body | None = None
    documents: bytes = b""
    events: tuple[Event, ...] = (Event.SUBMISSION_ACCEPTANCE, Event.RELAY_ACCEPTANCE)
    refusal: tuple[str, str] | None = None
    """A code and detail with which every call is refused."""
    refuse_early: bool = False
    """Whether a submission is refused after its head, while its parts are still coming."""
    findings: list[Body] = field(default_factory=list)
    answer: bytes | None = None
    """Bytes that are answered to everything, to be a broken server."""
    announced_sha256: str | None = None
    queries: list[dict[str, str]] = field(default_factory=list)
    largest_piece_bytes: int = 0
    submissions_begun: int = 0
    submissions_cut: int = 0
    newest: asyncio.Event = field(default_factory=asyncio.Event)


STATE = web.AppKey("state", FakeAuthority)


def problem(code: str, detail: str = "", findings: list[Body] | None = None) -> web.Response:
    row = CODES[code]
    body: Body = {
        "title": row.meaning,
        "status": row.http,
        "code": code,
        "detail": detail,
        "remedy": row.remedy,
    }
    body |= {"who": row.who.value, "correlation_id": "c0ffee"} | ({"findings": findings} if findings else {})
    return web.Response(status=row.http, body=json.dumps(body), content_type="application/problem+json")


@web.middleware
async def _refuse(request: web.Request, handler: Handler) -> web.StreamResponse:
    state = request.app[STATE]
    state.queries.append(dict(request.query))
    if state.answer is not None:
        return web.Response(body=state.answer)
    if state.refusal and not state.refuse_early:
        return problem(*state.refusal, state.findings)
    return await handler(request)


async def _status(request: web.Request) -> web.Response:
    state = request.app[STATE]
    legs: dict[str, int] = {}
    for leg in state.legs:
        legs[str(leg["state"])] = legs.get(str(leg["state"]), 0) + 1
    return web.json_response(
        {
            "authority": state.authority,
            "epoch": 1,
            "version": "0.1.0",
            "software": "emla/0.1.0",
            "ready": True,
            "peers": len(state.peers),
            "legs": legs,
            "ledger": {"size": 3, "origin": f"{state.authority}/emla/1/1"},
            "batch_wait_milliseconds_longest": 1.5,
            "something_newer": [None],
        }
    )


async def _submit(request: web.Request) -> web.Response:
    state = request.app[STATE]
    state.submissions_begun += 1
    body = request.content
    try:
        length = int.from_bytes(await body.readexactly(4), "big")
        table = json.loads(await body.readexactly(length))
        if state.refuse_early and state.refusal:
            return problem(*state.refusal, state.findings)
        hashes = [await _take(body, part["size"], state) for part in table["parts"]]
        if await body.read(1):
            return problem("bad-request", "More bytes than parts.")
    except (asyncio.IncompleteReadError, ConnectionError):
        state.submissions_cut += 1
        raise
    pid = hashlib.sha256(hashes[0][0]).hexdigest()
    repeated = pid in state.messages
    state.messages[pid] = _message(state, pid, table, hashes)
    for number, (content_hash, content) in enumerate(hashes, start=1):
        state.contents[pid, number] = content or content_hash
    kept = {name: state.messages[pid][name] for name in ("pid", "direction", "state", "acknowledgements")}
    return web.json_response(kept, status=200 if repeated else 201)


async def _take(body: StreamReader, size: int, state: FakeAuthority) -> tuple[bytes, bytes]:
    """Read one part; keep small ones, only hash large ones."""
    digest, kept, left = hashlib.sha256(), b"", size
    while left:
        piece = await body.read(min(left, 1 << 20))
        if not piece:
            raise ConnectionResetError
        state.largest_piece_bytes = max(state.largest_piece_bytes, len(piece))
        digest.update(piece)
        left -= len(piece)
        if size <= 1 << 20:
            kept += piece
    return digest.digest(), kept


def _message(state: FakeAuthority, pid: str, table: Table, hashes: list[tuple[bytes, bytes]]) -> Body:
    parts = [
        {
            "n": number,
            "role": part["role"],
            "media": part["media"],
            "name": part["name"],
            "size": part["size"],
            "sha256": content_hash.hex(),
        }
        for number, (part, (content_hash, _)) in enumerate(zip(table["parts"], hashes, strict=True), start=1)
    ]
    return message(pid, parts=parts, events=state.events, urgent=table.get("prio") == "urgent")


def message(
    pid: str,
    *,
    parts: list[Body],
    events: tuple[Event, ...],
    direction: str = "out",
    urgent: bool = False,
    peer: str = "nl.minjus",
    state: str = "DELIVERED",
) -> Body:
    """A message as the API answers it."""
    return {
        "pid": pid,
        "direction": direction,
        "peer": peer,
        "message": "MLARequest",
        "message_id": "5f" * 16,
        "conversation": "6a" * 16,
        "state": state,
        "late": False,
        "urgent": urgent,
        "created": AT,
        "expires": EXPIRES,
        "size": 1234567,
        "officer": {"name": "Aiko Tanaka", "post": "Director"},
        "in_reply_to": None,
        "parts": parts,
        "findings": [],
        "acknowledgements": [
            {
                "event": event.value,
                "at": AT,
                "by": peer,
                "reason": None,
                "proves": PROVES[event],
                "bundle": b64encode(b"bundle").decode(),
            }
            for event in events
        ],
        "leg": {"state": state, "attempts": 1, "next_at": None, "last_code": None},
    }


def summary(body: Body) -> Body:
    left_out = {"officer", "in_reply_to", "parts", "findings", "acknowledgements", "leg"}
    return {name: value for name, value in body.items() if name not in left_out}


async def _list(request: web.Request) -> web.Response:
    box = request.query.get("box", "all")
    found = [each for each in request.app[STATE].messages.values() if box in ("all", each["direction"])]
    return web.json_response({"items": [summary(each) for each in reversed(found)]})


def _find(request: web.Request) -> Body | None:
    pid = request.match_info["pid"]
    found = [
        each for key, each in request.app[STATE].messages.items() if key.startswith(pid) and len(pid) >= 8
    ]
    return found[0] if len(found) == 1 else None


async def _show(request: web.Request) -> web.Response:
    found = _find(request)
    if found is None:
        return problem("not-found", request.match_info["pid"])
    after, acknowledgements = int(request.query.get("after", -1)), found["acknowledgements"]
    assert isinstance(acknowledgements, list)
    wait = int(request.query.get("wait", 0))
    if wait and len(acknowledgements) <= after:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(request.app[STATE].newest.wait(), wait)
    return web.json_response(found)


async def _part(request: web.Request) -> web.StreamResponse:
    state, found = request.app[STATE], _find(request)
    number = int(request.match_info["n"])
    content = state.contents.get((str(found["pid"]), number)) if found else None
    if content is None:
        return problem("not-found")
    sha256 = state.announced_sha256 or hashlib.sha256(content).hexdigest()
    return web.Response(body=content, headers={"X-Emla-Sha256": sha256})


async def _documents(request: web.Request) -> web.Response:
    return web.Response(body=request.app[STATE].documents, content_type="application/vnd.emla.documents+json")


async def _peers(request: web.Request) -> web.Response:
    hidden = {"documents"}
    peers = request.app[STATE].peers.values()
    return web.json_response(
        {"items": [{k: v for k, v in each.items() if k not in hidden} for each in peers]}
    )


async def _peer(request: web.Request) -> web.Response:
    found = request.app[STATE].peers.get(request.match_info["authority"])
    return web.json_response(found) if found else problem("not-found")


def peer_of(data: bytes) -> Body:
    """A pinned peer as the API answers it, of its export."""
    authority = trust_documents(export.decode_export(data))
    root = form.decode_signed(authority.documents.roots[-1], PayloadType.ROOT)
    return {
        "authority": authority.id,
        "name": authority.profile.names[0][1],
        "country": authority.profile.country,
        "root_version": 1,
        "card_version": 1,
        "card_expires": EXPIRES,
        "pinned_at": AT,
        "fingerprint": export.fingerprint(root.payload, authority.id),
        "last_contact": None,
        "waiting_legs": 0,
        "next_attempt": None,
        "documents": b64encode(data).decode(),
    }


async def _import(request: web.Request) -> web.Response:
    shown, peers = peer_of(await request.read()), request.app[STATE].peers
    if request.query.get("fingerprint") != str(shown["fingerprint"]).replace(" ", ""):
        return problem("fingerprint-mismatch")
    known = shown["authority"] in peers
    peers[str(shown["authority"])] = shown
    return web.json_response(shown, status=200 if known else 201)


async def _ping(request: web.Request) -> web.Response:
    authority = request.match_info["authority"]
    if authority not in request.app[STATE].peers:
        return problem("peer-unreachable", "Connection refused.")
    answer: dict[str, Json | float] = {"authority": authority, "latency_milliseconds": 12.5}
    answer |= {"clock_difference_seconds": -0.25, "software": "emla/0.1.0"}
    return web.json_response(answer | {"card_version_known": 1, "card_version_theirs": 2})


async def _forget(request: web.Request) -> web.Response:
    peers, name = request.app[STATE].peers, request.match_info["authority"]
    if name not in peers:
        return problem("not-found")
    if peers[name]["waiting_legs"] and "force" not in request.query:
        return problem("open-legs")
    del peers[name]
    return web.Response(status=204)


async def _keys(request: web.Request) -> web.Response:
    return web.json_response(request.app[STATE].keys)


async def _officers(request: web.Request) -> web.Response:
    officers = request.app[STATE].officers
    return web.json_response(officers) if officers else problem("not-found")


async def _changes(request: web.Request) -> web.Response:
    return web.json_response({"items": request.app[STATE].changes})


def leg(number: int, state: str = "READY") -> Body:
    """A leg as the API answers it."""
    body: Body = {"id": number, "kind": "package", "ref": "ab" * 32, "peer": "nl.minjus", "state": state}
    body |= {"urgent": False, "attempts": 2, "next_at": AT, "last_code": "peer-unreachable"}
    return body | {"created": AT, "expires": None}


async def _self(_: web.Request) -> web.Response:
    return web.json_response({"name": "", "roles": ["operator"], "alone": True, "tokens": []})


def application(state: FakeAuthority) -> web.Application:
    app = web.Application(middlewares=[_refuse], client_max_size=1 << 21)
    app[STATE] = state
    app.add_routes(
        [
            web.get("/v1/status", _status),
            web.get("/v1/self", _self),
            web.post("/v1/messages", _submit),
            web.get("/v1/messages", _list),
            web.get("/v1/messages/{pid}", _show),
            web.get("/v1/messages/{pid}/parts/{n}", _part),
            web.get("/v1/documents", _documents),
            web.get("/v1/peers", _peers),
            web.post("/v1/peers", _import),
            web.get("/v1/peers/{authority}", _peer),
            web.delete("/v1/peers/{authority}", _forget),
            web.post("/v1/peers/{authority}/ping", _ping),
            web.get("/v1/keys", _keys),
            web.get("/v1/officers", _officers),
            web.get("/v1/changes", _changes),
            *fake_legs.routes(lambda request: request.app[STATE].legs, problem, AT),
        ]
    )
    return app


@asynccontextmanager
async def serving(state: FakeAuthority, socket_path: Path) -> AsyncIterator[FakeAuthority]:
    """Serve on a Unix socket until the block ends."""
    runner = web.AppRunner(application(state), access_log=None)
    await runner.setup()
    await web.UnixSite(runner, str(socket_path)).start()
    try:
        yield state
    finally:
        await runner.cleanup()
