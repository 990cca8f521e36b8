"""A running server answers odd calls as its document says: schemathesis makes them, the same ones each time.

Nothing here waits or depends on chance: examples are derived from the document, `wait` is never above 0, and the order is fixed.
What the examples change on the way (people, tokens, legs) changes which of the documented answers comes, not whether it is one.
"""

import asyncio
import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import hypothesis
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, strategies
from hypothesis.errors import Unsatisfiable
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from emla.model.limits import WIRE
from emla.web.contract.messages import SUBMISSION
from tests.support.calls import body_of, post
from tests.support.messages import make_template
from tests.support.people import Staff
from tests.support.ports import free_port
from tests.support.servers import Server, make_server
from tests.support.unix_session import BASE, unix_session

pytestmark = pytest.mark.xdist_group("openapi")

Operation = APIOperation[Any, Any, Any, Any]
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]
SETTINGS = hypothesis.settings(
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
PEER_AWAY = (502, 504)
"""The trouble of a peer or of a webhook's target, told by a call that asks one; documented where it may come, and no fault of the
server."""
EXAMPLES = 6
EXAMPLES_LONG = 300
TEMPLATE = make_template(sender="jp.moj", recipient="nl.moj", attachment=bytes(500))


@dataclass
class World:
    """A server, what its document says, and ids that are there."""

    server: Server
    session: requests.Session
    document: dict[str, Any]
    real: dict[str, str]
    ids: dict[str, str] = field(default_factory=dict)
    """What `{id}` is, by the beginning of the path."""
    tokens: list[str] = field(default_factory=list)

    def real_of(self, path: str) -> dict[str, str]:
        """Ids that are there, for the places of a path."""
        found = [each for begin, each in self.ids.items() if path.startswith(begin)]
        return self.real | ({"id": found[0]} if found else {})

    def operations(self) -> Iterator[Operation]:
        for found in schemathesis.openapi.from_dict(self.document).get_all_operations():
            assert isinstance(found, Ok), found
            yield found.ok()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A server of each test's own: once somebody is on record, whoever has no token gets one answer everywhere."""
    server, peer = make_server(tmp_path, "jp.moj"), make_server(tmp_path, "nl.moj")
    target = f"127.0.0.1:{free_port()}"
    server.webhooks = {"allowed_hosts": target, "allow_loopback": True}
    server.start()
    try:
        server.wait_ready()
        asyncio.run(pinned(server, peer))
        status, sent = asyncio.run(post(server, body_of(TEMPLATE)))
        assert status == 201, sent
        with unix_session(server.data / "emla.sock") as session:
            document = session.get(f"{BASE}/v1/openapi.json").json()
            line = session.get(f"{BASE}/v1/cases").json()["items"][0]
            real = {"pid": str(sent["pid"]), "case_id": line["case_id"], "authority": "nl.moj", "number": "0"}
            real["message_id"] = "0" * 32
            hook = session.post(f"{BASE}/v1/webhooks", json={"url": f"http://{target}/"})
            assert hook.status_code == 201, hook.content
            ids = {"/v1/webhooks/": str(hook.json()["id"])}
            yield World(server, session, framed(document), real | {"name": "paul", "id": "1"}, ids)
    finally:
        server.stop()


async def pinned(server: Server, peer: Server) -> None:
    """A peer that is pinned and does not answer."""
    async with server.client() as client:
        answer = await client.post(
            "/v1/peers",
            params={"fingerprint": peer.made.fingerprint},
            data=peer.made.documents.read_bytes(),
        )
        assert answer.status == 201, await answer.text()


def framed(document: dict[str, Any]) -> dict[str, Any]:
    """The document, with the front of a submission where schemathesis looks for what it writes."""
    for path in ("/v1/messages", "/v1/drafts"):
        content = document["paths"][path]["post"]["requestBody"]["content"]
        content[SUBMISSION] = {"schema": content[SUBMISSION]["x-emla-front"]}
    return document


@schemathesis.serializer(SUBMISSION)
def submission(_: object, value: object) -> bytes:
    """A submission of whatever was made up: framed as it should be, with as many bytes as its first part says, up to a few."""
    front = json.dumps(value).encode()
    parts = value.get("parts") if isinstance(value, dict) else None
    size = parts[0].get("size") if isinstance(parts, list) and parts and isinstance(parts[0], dict) else 0
    return (
        len(front).to_bytes(4, "big")
        + front
        + bytes(size if isinstance(size, int) and 0 < size < 4096 else 3)
    )


def sweep(world: World, mode: GenerationMode, examples: int) -> list[str]:
    """What the server answered that its document does not say."""
    wrong: list[str] = []
    for operation in world.operations():
        if mode is GenerationMode.NEGATIVE and not (len(operation.query) or len(operation.body)):
            continue  # any text is a path
        wrong += swept(world, operation, mode, examples)
    return wrong


def swept(world: World, operation: Operation, mode: GenerationMode, examples: int) -> list[str]:
    wrong: list[str] = []
    tokens = strategies.sampled_from([None, "emla_0_0", *world.tokens])

    @hypothesis.settings(SETTINGS, max_examples=examples)
    @hypothesis.given(
        case=operation.as_strategy(generation_mode=mode), token=tokens, real=strategies.booleans()
    )
    def run(case: Case[Any], token: str | None, real: bool) -> None:  # noqa: FBT001 - hypothesis names them
        if real:
            there = world.real_of(operation.path)
            case.path_parameters = {
                name: there.get(name, value) for name, value in (case.path_parameters or {}).items()
            }
        if case.query and "wait" in case.query:
            case.query["wait"] = "0"
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = case.call(base_url=BASE, session=world.session, headers=headers)
        checks = CHECKS[1:] if answer.status_code in PEER_AWAY else CHECKS
        try:
            case.validate_response(answer, checks=checks)
        except (AssertionError, FailureGroup) as error:
            wrong.append(f"{operation.label}: {error} {answer.status_code} {answer.content[:500]!r}")

    with contextlib.suppress(Unsatisfiable):  # some calls take whatever there is
        run()
    return wrong


def refused(answer: requests.Response) -> tuple[int, str]:
    """Status and code of what must be a problem."""
    assert answer.headers["Content-Type"].partition(";")[0] == "application/problem+json"
    problem = cast(dict[str, object], answer.json())
    assert problem["status"] == answer.status_code
    return answer.status_code, str(problem["code"])


def test_what_is_refused_before_a_handler_is_a_problem_too(world: World) -> None:
    call = world.session.request
    assert refused(call("GET", f"{BASE}/v1/nothing")) == (404, "not-found")
    assert refused(call("GET", f"{BASE}/")) == (404, "not-found")
    answer = call("PATCH", f"{BASE}/v1/messages")
    assert refused(answer) == (405, "method-not-allowed")
    assert set(answer.headers["Allow"].split(",")) == {"GET", "HEAD", "POST"}
    long = bytes(2 * WIRE.documents_bytes)
    assert refused(call("POST", f"{BASE}/v1/backups", data=long)) == (413, "too-large")
    packed = call("POST", f"{BASE}/v1/backups", data=b"x", headers={"Content-Encoding": "gzip"})
    assert refused(packed) == (415, "unsupported-encoding")
    for odd in ("/v1/legs?limit=-1", "/v1/legs?limit=%ff", "/v1/messages?box=%00", "/v1/statistics?year=x"):
        assert refused(call("GET", f"{BASE}{odd}")) == (400, "bad-request"), odd


ODD = (
    rb'"\ud800"',
    rb'"\u0000"',
    rb'"\u202e"',
    b"1e999",
    b"NaN",
    b"-0",
    b"9" * 400,
    b"[" * 5000,
    b"null",
    b'"\xff"',
)


def test_odd_words_in_a_body_are_refused_and_break_nothing(world: World) -> None:
    schemas = world.document["components"]["schemas"]
    for operation in world.operations():
        content = (
            world.document["paths"][operation.path][operation.method]
            .get("requestBody", {})
            .get("content", {})
        )
        if "application/json" not in content:
            continue
        members = schemas[content["application/json"]["schema"]["$ref"].rpartition("/")[2]]["properties"]
        url = BASE + operation.path.format(**world.real_of(operation.path), hash="0" * 64)
        for name in members:
            others = b"".join(b'"%s": "x", ' % each.encode() for each in members if each != name)
            for odd in ODD:
                body = b'{%s"%s": %s}' % (others, name.encode(), odd)
                answer = world.session.request(operation.method.upper(), url, data=body)
                assert refused(answer)[0] < 500, (operation.label, body[:200], answer.content)


def test_no_answer_is_undocumented_while_nobody_is_on_record(world: World) -> None:
    assert sweep(world, GenerationMode.POSITIVE, EXAMPLES) == []
    assert sweep(world, GenerationMode.NEGATIVE, EXAMPLES) == []


def test_no_answer_is_undocumented_once_people_are(world: World) -> None:
    staff = Staff(world.server)
    asyncio.run(staff.hire())
    world.tokens.extend(staff.tokens.values())
    bears = {"Authorization": f"Bearer {staff.tokens['paul']}"}
    draft = world.session.post(f"{BASE}/v1/drafts", data=body_of(TEMPLATE), headers=bears)
    assert draft.status_code == 201, draft.content
    world.ids["/v1/drafts/"] = str(draft.json()["id"])
    assert sweep(world, GenerationMode.POSITIVE, EXAMPLES) == []


@pytest.mark.long
@pytest.mark.parametrize("mode", list(GenerationMode))
def test_no_answer_is_undocumented_in_a_long_run(world: World, mode: GenerationMode) -> None:
    assert sweep(world, mode, EXAMPLES_LONG) == []
