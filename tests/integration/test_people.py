"""People of a running authority: invitations, roles, tokens, passwords; and what the command line shows of them."""

import asyncio
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web

from emla.bootstrap.audit import verify_ledger
from emla.model.person import PersonRole
from tests.support.cli import Outcome, emla
from tests.support.people import Staff
from tests.support.ports import free_port
from tests.support.servers import make_server, started
from tests.support.webhook_receiver import receiving, verified

pytestmark = pytest.mark.xdist_group("people")
CUSTODIAN, CENTRAL, APPROVER = PersonRole.KEY_CUSTODIAN, PersonRole.CENTRAL_OFFICER, PersonRole.APPROVER
RECEIVER_PORT = free_port()
PASSWORD = "seven ducks on the pond"


@pytest.fixture(scope="module")
def staff(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Staff]:
    server = make_server(tmp_path_factory.mktemp("p"), "at.moj")
    server.webhooks = {"allowed_hosts": f"127.0.0.1:{RECEIVER_PORT}", "allow_loopback": True}
    with started(server) as (one,):
        found = Staff(one)
        asyncio.run(found.hire())
        yield found


async def test_an_invitation_makes_one_token_and_opens_nothing_else(staff: Staff) -> None:
    invitation = await staff.add("kay", "dora", [CENTRAL, APPROVER])
    assert await staff.code(invitation, "GET", "/v1/messages") == "not-allowed"
    assert await staff.code(invitation, "GET", "/v1/status") == "not-allowed"
    await staff.take("dora", invitation)
    assert await staff.code("dora", "GET", "/v1/messages") == "ok"
    assert await staff.code(invitation, "POST", "/v1/self/tokens", {"label": "again"}) == "not-authenticated"


async def test_two_uses_of_an_invitation_at_once_make_one_token(staff: Staff) -> None:
    invitation = await staff.add("kay", "emil", [CENTRAL])
    codes = await asyncio.gather(
        *(staff.code(invitation, "POST", "/v1/self/tokens", {"label": "race"}) for _ in range(4))
    )
    assert sorted(codes) == ["not-authenticated"] * 3 + ["ok"]


async def test_a_token_is_never_more_than_its_person_or_than_what_it_was_taken_with(staff: Staff) -> None:
    await staff.take("fay", await staff.add("kay", "fay", [CENTRAL, APPROVER]), roles=["approver"])
    wider: dict[str, object] = {"label": "wider", "roles": ["approver", "central_officer"]}
    assert await staff.code("fay", "POST", "/v1/self/tokens", wider) == "not-allowed"
    assert await staff.code("fay", "PUT", "/v1/self/password", {"today": "x", "password": PASSWORD}) != "ok"
    assert await staff.code("fay", "POST", "/v1/messages") == "not-allowed"  # an approver does not submit
    _, _, _ = await staff.call("kay", "PUT", "/v1/people/fay/roles", {"roles": ["operator"]})
    # The token was an approver's, and its person is none any more: nothing is left of it, at once.
    assert await staff.code("fay", "GET", "/v1/messages") == "not-allowed"


async def test_who_is_shut_out_is_out_at_once_and_comes_back_by_a_new_invitation(staff: Staff) -> None:
    old = await staff.take("gus", await staff.add("kay", "gus", [CENTRAL]))
    assert await staff.code("kay", "POST", "/v1/people/gus/disable") == "ok"
    assert await staff.code("gus", "GET", "/v1/messages") == "not-authenticated"
    status, answer, _ = await staff.call("kay", "POST", "/v1/people/gus/invite")
    assert status == 201
    await staff.take("gus", str(answer["invitation"]))
    assert await staff.code("gus", "GET", "/v1/messages") == "ok"
    assert await staff.code(old, "GET", "/v1/messages") == "not-authenticated"


async def test_a_token_ends_by_its_person_or_a_custodian_and_by_nobody_else(staff: Staff) -> None:
    token = await staff.take("hal", await staff.add("kay", "hal", [CENTRAL]))
    path = f"/v1/tokens/{token.split('_')[1]}"
    assert await staff.code("cara", "DELETE", path) == "not-found"
    assert await staff.code("hal", "DELETE", path) == "ok"
    assert await staff.code("hal", "GET", "/v1/self") == "not-authenticated"


@pytest.mark.parametrize(
    ("roles", "code"),
    [
        (["key_custodian", "approver"], "role-conflict"),
        (["key_custodian", "central_officer"], "role-conflict"),
        (["auditor", "prosecutor"], "role-conflict"),
        (["auditor", "key_custodian"], "role-conflict"),
        ([], "bad-request"),
        (["king"], "bad-request"),
    ],
)
async def test_roles_that_exclude_one_another_are_nobodys(staff: Staff, roles: list[str], code: str) -> None:
    body: dict[str, object] = {"name": "nora", "full_name": "Nora", "roles": roles}
    assert await staff.code("kay", "POST", "/v1/people", body) == code
    assert await staff.code("kay", "GET", "/v1/people/nora") == "not-found"
    assert await staff.code("kay", "PUT", "/v1/people/cara/roles", {"roles": list(roles)}) == code


async def test_nobody_changes_rights_of_his_own_and_somebody_is_left_to_manage_people(staff: Staff) -> None:
    for method, path in (("PUT", "roles"), ("POST", "disable"), ("POST", "invite")):
        assert (
            await staff.code("kay", method, f"/v1/people/kay/{path}", {"roles": ["operator"]}) == "own-rights"
        )
    await staff.take("kim", await staff.add("kay", "kim", [CUSTODIAN]))
    assert await staff.code("kay", "PUT", "/v1/people/kim/roles", {"roles": ["operator"]}) == "ok"


async def test_names_are_taken_once(staff: Staff) -> None:
    body: dict[str, object] = {"name": "cara", "full_name": "Another", "roles": ["operator"]}
    assert await staff.code("kay", "POST", "/v1/people", body) == "name-taken"


async def test_a_password_takes_a_token_and_guesses_are_few(staff: Staff) -> None:
    invitation = await staff.add("kay", "ina", [CENTRAL])
    await staff.take("ina", invitation, password=PASSWORD)
    body: dict[str, object] = {"name": "ina", "password": PASSWORD, "label": "desk"}
    status, answer, _ = await staff.call(None, "POST", "/v1/login", body)
    assert status == 201
    assert await staff.code(str(answer["token"]), "GET", "/v1/messages") == "ok"
    wrong = body | {"password": "seven ducks on the lake"}
    nobody = body | {"name": "nobody.here"}
    assert await guess(staff, wrong) == {"not-authenticated", "guessing"}
    # Not even the right one is looked at before a minute has passed; and who is not on record is told the same.
    assert await staff.code(None, "POST", "/v1/login", body) == "guessing"
    assert await guess(staff, nobody) == {"not-authenticated", "guessing"}


async def guess(staff: Staff, body: dict[str, object]) -> set[str]:
    """What is answered until no more guesses are taken."""
    codes: set[str] = set()
    for _ in range(12):
        codes.add(await staff.code(None, "POST", "/v1/login", body))
        if "guessing" in codes:
            break
    return codes


async def test_nothing_of_a_token_or_password_is_in_the_folder_or_the_log(staff: Staff) -> None:
    secret = staff.tokens["cara"].split("_", 2)[2].encode()
    for path in (*staff.server.data.rglob("*"), staff.server.log):
        if path.is_file():
            found = path.read_bytes()
            assert secret not in found, path
            assert PASSWORD.encode() not in found, path


async def test_every_change_of_rights_is_in_the_ledger_and_it_holds(staff: Staff) -> None:
    assert verify_ledger(staff.server.data).problems == ()


# --- what happens, told ---


async def test_a_stop_ends_a_stream_and_after_the_start_it_goes_on_behind_its_id(staff: Staff) -> None:
    case_id = "7d2c0f1e9a8b7c6d5e4f3a2b1c0d9e8f"
    path = f"/v1/cases/{case_id}/people/paul"
    headers = {"Authorization": f"Bearer {staff.tokens['paul']}", "Accept": "text/event-stream"}
    async with (
        staff.server.client() as client,
        client.get("/v1/events?after=now", headers=headers) as stream,
    ):
        assert await stream.content.readline() == b"retry: 2000\n"
        assert await staff.code("cara", "PUT", path) == "ok"
        lines = [(await stream.content.readline()).decode() for _ in range(4)]
        place, named = lines[1].removeprefix("id: ").strip(), lines[2]
        assert named == "event: case.named\n"
        assert case_id in lines[3]
        assert await asyncio.to_thread(staff.server.stop) == 0
        # To its end, and not broken off: aiohttp raises where the last chunk is missing.
        assert b"data" not in await stream.read()
    staff.server.start()
    await asyncio.to_thread(staff.server.wait_ready)
    assert await staff.code("cara", "DELETE", path) == "ok"
    _, answer, _ = await staff.call("paul", "GET", f"/v1/events?after={place}")
    assert isinstance(answer["items"], list)
    assert [each["type"] for each in answer["items"]] == ["case.unnamed"]


# --- the command line ---


def test_the_command_line_lists_what_happened_and_follows_it(
    staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = staff.server.data
    monkeypatch.setenv("EMLA_TOKEN", staff.tokens["cara"])
    case_id = "6d2c0f1e9a8b7c6d5e4f3a2b1c0d9e8f"
    before = emla("events", "list", "--after", "now", "--json", "--data", data)
    assert before.document["items"] == []
    place = str(before.document["next"])
    assert emla("person", "grant", "paul", case_id, "--data", data).code == 0
    assert emla("person", "withdraw", "paul", case_id, "--data", data).code == 0
    shown = emla("events", "list", "--after", place, "--data", data)
    assert "Technical delivery is not acceptance of the request." in shown.err
    assert shown.code == 0
    assert "case.named" in shown.out
    assert case_id[:12] in shown.out
    words = ("--after", place, "--types", "case", "--count", "2", "--data", data)
    lines = emla("events", "watch", *words, "--json").out.splitlines()
    assert [json.loads(each)["type"] for each in lines] == ["case.named", "case.unnamed"]
    assert "case.unnamed" in emla("events", "watch", *words).out
    lost = emla("events", "list", "--after", "1.0.00000000", "--json", "--data", data)
    assert (lost.code, lost.document["error"]["code"]) == (1, "place-unknown")  # type: ignore[index] # an object


def test_the_command_line_finds_its_token_and_shows_people(
    staff: Staff, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = staff.server.data
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert emla("person", "list", "--data", data).code == 4
    monkeypatch.setenv("EMLA_TOKEN", staff.tokens["kay"])
    shown = emla("person", "list", "--data", data)
    assert shown.code == 0
    assert "petra" in shown.out
    added = emla(
        "person", "add", "max", "--full-name", "Max", "--role", "prosecutor", "--json", "--data", data
    )
    invitation = str(added.document["invitation"])
    monkeypatch.setenv("EMLA_TOKEN", invitation)
    assert emla("token", "new", "--save", "--data", data).code == 0
    monkeypatch.delenv("EMLA_TOKEN")
    assert (tmp_path / "emla" / "token").stat().st_mode & 0o777 == 0o600
    me = emla("token", "list", "--data", data)
    assert "You are max: prosecutor." in me.out
    assert emla("keys", "status", "--data", data).code in (0, 3)
    assert emla("person", "list", "--data", data).code == 3
    case_id = "5d2c0f1e9a8b7c6d5e4f3a2b1c0d9e8f"
    monkeypatch.setenv("EMLA_TOKEN", staff.tokens["cara"])
    assert emla("person", "grant", "max", case_id, "--data", data).code == 0
    assert case_id in emla("person", "show", "max", "--data", data).out
    assert emla("person", "withdraw", "max", case_id, "--data", data).code == 0
    monkeypatch.setenv("EMLA_TOKEN", staff.tokens["ada"])
    assert emla("audit", "reads", "--data", data).code == 0
    monkeypatch.delenv("EMLA_TOKEN")
    (tmp_path / "emla" / "token").chmod(0o644)
    read_by_others = emla("token", "list", "--json", "--data", data)
    assert read_by_others.document["error"]["code"] == "unreadable-key"  # type: ignore[index] # an object


def test_a_password_is_set_and_used_at_the_command_line(
    staff: Staff, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = staff.server.data
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("EMLA_TOKEN", asyncio.run(staff.add("kay", "olga", [CENTRAL])))
    made = emla(
        "token", "new", "--set-password", "--password-fd", str(pipe_with(PASSWORD)), "--json", "--data", data
    )
    monkeypatch.setenv("EMLA_TOKEN", str(made.document["token"]))
    other = PASSWORD + " today"
    words = ("--today-fd", str(pipe_with(PASSWORD)), "--password-fd", str(pipe_with(other)), "--data", data)
    assert emla("person", "password", *words).code == 0
    monkeypatch.delenv("EMLA_TOKEN")
    again = emla("token", "new", "--person", "olga", "--password-fd", str(pipe_with(other)), "--data", data)
    assert again.code == 0
    assert again.out.startswith("emla_")
    monkeypatch.setenv("EMLA_TOKEN", again.out.strip())
    ended = emla("token", "revoke", again.out.split("_")[1], "--data", data)
    assert ended.code == 0


def pipe_with(text: str) -> int:
    """A descriptor that gives a text, and then its end."""
    reading, writing = os.pipe()
    os.write(writing, text.encode() + b"\n")
    os.close(writing)
    return reading


async def test_events_are_posted_to_a_case_system_as_the_officer_says(
    staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMLA_DATA", str(staff.server.data))
    monkeypatch.setenv("EMLA_TOKEN", staff.tokens["cara"])

    async def run(*words: str) -> Outcome:
        return await asyncio.to_thread(emla, "webhook", *words)

    async with receiving(port=RECEIVER_PORT) as receiver:
        added = (await run("add", receiver.url, "--type", "case", "--json")).document
        webhook = str(added["id"])
        assert (added["waiting"], added["paused"]) == ({"count": 0, "more": False}, None)
        assert (await run("test", webhook)).code == 0
        pem = (await run("key", webhook)).out
        verified(receiver.url, receiver.headers[0], receiver.bodies[0], pem)
        # What happens is posted without anybody asking, and nothing of it twice.
        assert (await staff.call("cara", "PUT", f"/v1/cases/{'5d' * 16}/people/paul"))[0] == 200
        assert (await staff.call("cara", "DELETE", f"/v1/cases/{'5d' * 16}/people/paul"))[0] == 200
        await receiver.calls(3)
        assert [each["type"] for each in receiver.events] == ["webhook.ping", "case.named", "case.unnamed"]
        assert {each["case"] for each in receiver.events[1:]} == {"5d" * 16}
        for headers, body in zip(receiver.headers, receiver.bodies, strict=True):
            verified(receiver.url, headers, body, pem)
        assert "by-hand" in (await run("pause", webhook)).out
        assert "paused: by-hand" in (await run("list")).out
        assert "active" in (await run("resume", webhook, "--after", "now")).out
        receiver.answers.append(web.Response(status=404))
        failed = await run("test", webhook)
        assert (failed.code, "404" in failed.err) == (5, True)
        assert f"http://127.0.0.1:{RECEIVER_PORT}" in (await run("show", webhook)).out
        refused = await run("add", "https://elsewhere.example.org/")
        assert (refused.code, "webhooks.allowed_hosts" in refused.err) == (3, True)
        # Nobody else's, but an operator's to end.
        assert await staff.code("paul", "GET", f"/v1/webhooks/{webhook}") == "not-found"
        assert await staff.code("otto", "POST", f"/v1/webhooks/{webhook}/pause") == "ok"
        assert await staff.code("ada", "GET", "/v1/webhooks") == "not-allowed"
        assert "is ended" in (await run("remove", webhook)).out
        assert (await run("list", "--json")).document == {"items": []}
