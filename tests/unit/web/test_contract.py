"""The published document: every call is in it, whole, and what a server answers is what it says."""

import json
import re

import pytest
from aiohttp import web

from emla.model.codes import CODES
from emla.model.errors import EmlaError
from emla.web.contract.document import document, operation_id
from emla.web.contract.table import CALLS
from emla.web.contract_api import ContractApi
from emla.web.problems import problem
from emla.web.rights import OPEN, OPERATIONS
from emla.web.views import answer
from tests.support.described import trouble

OF_A_HUB = {("GET", "/v1/mailboxes")}


async def nothing(_: web.Request) -> web.Response:
    return web.Response()


def whole() -> dict[str, object]:
    return document(((call, OPERATIONS.get(key, OPEN)) for key, call in CALLS.items()), "0.1.0")


def test_every_call_for_which_there_are_rights_is_described_and_no_other() -> None:
    assert set(CALLS) - OF_A_HUB == set(OPERATIONS), (
        "give a new call a row, a `Call`, in a file of emla/web/contract, and one in emla.web.rights"
    )


def test_a_call_that_nobody_described_does_not_start() -> None:
    application = web.Application()
    application.router.add_get("/v1/status", nothing)
    ContractApi().add_routes(application.router)
    application = web.Application()
    application.router.add_post("/v1/status", nothing)
    with pytest.raises(RuntimeError, match="POST /v1/status"):
        ContractApi().add_routes(application.router)


def test_the_document_points_at_nothing_that_is_not_in_it() -> None:
    made = json.loads(json.dumps(whole()))
    named = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(made)))
    assert named <= set(made["components"]["schemas"])
    for (method, path), call in CALLS.items():
        operation = made["paths"][path][method.lower()]
        placed = {each["name"] for each in operation.get("parameters", []) if each["in"] == "path"}
        assert placed == set(re.findall(r"{(\w+)}", path))
        assert {str(each) for each in call.status} <= set(operation["responses"])


def test_every_call_has_a_name_of_its_own_and_codes_of_the_catalogue() -> None:
    assert len({operation_id(call) for call in CALLS.values()}) == len(CALLS)
    for call in CALLS.values():
        assert set(call.all_codes(is_open=False)) <= set(CODES), call.path


def test_whom_a_call_is_for_stands_in_the_document() -> None:
    paths = json.loads(json.dumps(whole()))["paths"]
    assert paths["/v1/login"]["post"]["security"] == []
    assert paths["/v1/reads"]["get"]["x-emla-roles"] == ["auditor"]
    assert "security" not in paths["/v1/reads"]["get"]


def test_an_answer_that_the_document_does_not_have_is_seen() -> None:
    call = CALLS["POST", "/v1/backups"]
    good: dict[str, object] = {"recorded_at": "2026-11-23T20:50:37Z"}
    assert not trouble(call, answer(good, status=201), is_open=False)
    assert "status 200" in trouble(call, answer(good), is_open=False)
    assert "more" in trouble(call, answer(good | {"more": 1}, status=201), is_open=False)
    assert "recorded_at" in trouble(call, answer({}, status=201), is_open=False)
    assert "recorded_at" in trouble(call, answer({"recorded_at": "today"}, status=201), is_open=False)
    assert "type text/plain" in trouble(call, web.Response(text="done", status=201), is_open=False)
    assert "no call" in trouble(None, answer(good), is_open=False)


def test_a_refusal_that_the_document_does_not_have_is_seen() -> None:
    call = CALLS["POST", "/v1/backups"]
    assert not trouble(call, problem(EmlaError("bad-request"), "1", to_peer=False), is_open=False)
    assert "wrong-state" in trouble(
        call, problem(EmlaError("wrong-state"), "1", to_peer=False), is_open=False
    )
    assert "title" in trouble(call, problem(EmlaError("bad-request"), "1", to_peer=True), is_open=False)
