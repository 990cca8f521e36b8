"""The table of rights: every call has a row, every row is a call, and the page of roles says the same."""

import re
from pathlib import Path

import pytest
from aiohttp import web

from emla.model.person import CONTENT, PersonRole
from emla.web.rights import ANY_ROLE, OPEN, OPERATIONS, SELF, check_routes

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "roles.md"


async def nothing(_: web.Request) -> web.Response:
    return web.Response()


def test_a_call_without_a_row_does_not_start() -> None:
    application = web.Application()
    application.router.add_get("/v1/status", nothing)
    check_routes(application.router)
    application.router.add_post("/v1/status", nothing)
    with pytest.raises(RuntimeError, match="POST /v1/status"):
        check_routes(application.router)


def test_the_page_of_roles_is_the_table() -> None:
    words = {
        OPEN: "whoever may open the socket",
        SELF: "whoever has a token or invitation",
        ANY_ROLE: "every role",
    }
    rows = re.findall(r"^\| `(\w+ /v1/[^`]+)` \| (.*) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    expected = {
        f"{method} {path}": words.get(roles)
        or ", ".join(f"`{role.value}`" for role in PersonRole if role in (roles or ()))
        for (method, path), roles in OPERATIONS.items()
    }
    assert dict(rows) == expected


@pytest.mark.parametrize("role", sorted(set(PersonRole) - CONTENT))
def test_no_call_with_content_is_for_who_sees_none(role: PersonRole) -> None:
    for method, path in (
        ("GET", "/v1/messages/{pid}/parts/{number}"),
        ("POST", "/v1/messages"),
        ("GET", "/v1/cases/{case_id}"),
    ):
        roles = OPERATIONS[method, path]
        assert roles is not None
        assert role not in roles
