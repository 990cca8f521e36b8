"""Row 73. A prosecutor opens another's case by id, export, search, cached URL. Expected: 404, leaf written.

Row 74. The auditor asks for content; the operator asks for keys. Expected: refused.
"""

import asyncio
import hashlib
import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from emla.bootstrap.audit import verify_ledger
from emla.model.person import PersonRole
from tests.support.messages import ATTACHMENT_NAME, make_template
from tests.support.people import Staff
from tests.support.servers import Server, make_server, pin, started, submission

pytestmark = pytest.mark.xdist_group("row-73")
PHONES = ("MessageHeader/Sender/Contact[1]/Phone", "MessageHeader/Recipient/Contact[1]/Phone")
ANNEX = b"the account numbers " * 40
TEMPLATE = make_template(sender="at.moj", recipient="de.bfj", attachment=ANNEX)


class World:
    """AT with people; Paul sent a message, of a case that is his and not Petra's. DE is known and away."""

    def __init__(self, staff: Staff, pid: str, message: dict[str, object]) -> None:
        self.staff = staff
        self.pid = pid
        self.case_id = str(message["conversation"])
        self.message_id = str(message["message_id"])


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("p")
    here, there = make_server(folder, "at.moj"), make_server(folder, "de.bfj")
    with started(here):
        yield asyncio.run(begin(Staff(here), there))


async def begin(staff: Staff, there: Server) -> World:
    await pin(staff.server, there)
    await staff.hire()
    status, sent = await staff.submit("paul", TEMPLATE)
    assert status == 201, sent
    pid = str(sent["pid"])
    _, message, _ = await staff.call("paul", "GET", f"/v1/messages/{pid}")
    return World(staff, pid, message)


async def refused_leaves(staff: Staff, who: str, id_: str) -> int:
    """How many leaves tell that somebody asked for this in vain."""
    _, answer, _ = await staff.call("ada", "GET", f"/v1/reads?limit=1000&person={who}&package={id_}")
    items = answer["items"]
    assert isinstance(items, list)
    return sum(1 for each in items if not each["allowed"])


async def test_who_drafted_a_case_reads_it_and_the_leaf_says_so(world: World) -> None:
    status, _, raw = await world.staff.call("paul", "GET", f"/v1/messages/{world.pid}/parts/1")
    assert (status, raw) == (200, ANNEX)
    _, answer, _ = await world.staff.call("ada", "GET", f"/v1/reads?person=paul&package={world.pid}")
    items = answer["items"]
    assert isinstance(items, list)
    assert [(each["role"], each["part"], each["allowed"]) for each in items] == [("prosecutor", 1, True)]
    # It is marked CONFIDENTIAL: a token that is less than its person does not reach it.
    wanted: dict[str, object] = {"label": "case system", "roles": ["prosecutor"]}
    _, made, _ = await world.staff.call("paul", "POST", "/v1/self/tokens", wanted)
    world.staff.tokens["system"] = str(made["token"])
    assert await world.staff.code("system", "GET", f"/v1/messages/{world.pid}/parts/1") == "not-cleared"


@pytest.mark.parametrize("way", ["id", "beginning", "message id", "part", "waiting"])
async def test_a_foreign_case_is_not_there_by_whatever_way_and_a_leaf_tells_who_asked(
    world: World, way: str
) -> None:
    asked = {
        "id": world.pid,
        "beginning": world.pid[:8],
        "message id": world.message_id,
        "part": f"{world.pid}/parts/0",
        "waiting": f"{world.pid}?wait=0&after=0",
    }[way]
    before = await refused_leaves(world.staff, "petra", world.pid)
    status, answer, raw = await world.staff.call("petra", "GET", f"/v1/messages/{asked}")
    absent = await world.staff.call("petra", "GET", f"/v1/messages/{'00' * 32}")
    assert status == 404
    # Not a word differs from what is said of a package that never was, but for the number of the answer.
    assert {**answer, "correlation_id": ""} == {**absent[1], "correlation_id": ""}
    assert world.pid.encode() not in raw
    assert await refused_leaves(world.staff, "petra", world.pid) == before + 1


async def test_lists_show_a_prosecutor_nothing_of_foreign_cases(world: World) -> None:
    _, hers, _ = await world.staff.call("petra", "GET", "/v1/messages?limit=1")
    _, his, _ = await world.staff.call("paul", "GET", "/v1/messages")
    assert hers == {"items": []}
    assert isinstance(his["items"], list)
    assert [each["pid"] for each in his["items"]] == [world.pid]


async def test_events_tell_a_prosecutor_of_own_cases_and_an_operator_of_no_case(world: World) -> None:
    async def told(who: str) -> list[dict[str, object]]:
        _, answer, _ = await world.staff.call(who, "GET", "/v1/events?limit=1000")
        items = answer["items"]
        assert isinstance(items, list)
        return items

    his = next(each for each in await told("paul") if each["pid"] == world.pid)
    assert (his["type"], his["case"]) == ("sent.submitted", world.case_id)
    envelope = next(each for each in await told("otto") if each["pid"] == world.pid)
    assert envelope == his | {"case": None}
    # Petra was perhaps named for the case, and is not any more; of what happens in it she hears nothing.
    assert {each["type"] for each in await told("petra")} <= {"case.named", "case.unnamed"}
    for who in ("ada", "kay"):
        assert await world.staff.code(who, "GET", "/v1/events") == "not-allowed"


async def test_a_case_is_shared_and_withdrawn_by_a_central_officer_alone(world: World) -> None:
    path = f"/v1/cases/{world.case_id}/people/petra"
    for who in ("petra", "paul", "kay", "ada", "otto"):
        assert await world.staff.code(who, "PUT", path) == "not-allowed"
    assert await world.staff.code("cara", "PUT", path) == "ok"
    assert await world.staff.code("petra", "GET", f"/v1/messages/{world.pid}") == "ok"
    assert await world.staff.code("cara", "DELETE", path) == "ok"
    assert await world.staff.code("petra", "GET", f"/v1/messages/{world.pid}") == "not-found"


async def test_who_is_on_record_without_content_gets_none(world: World) -> None:
    for who in ("ada", "kay", "otto"):
        assert await world.staff.code(who, "GET", f"/v1/messages/{world.pid}/parts/0") == "not-allowed"
    for who in ("ada", "kay"):
        assert await world.staff.code(who, "GET", f"/v1/messages/{world.pid}") == "not-allowed"
        assert await world.staff.code(who, "GET", "/v1/messages") == "not-allowed"


async def test_an_operator_sees_that_a_package_is_there_and_nothing_of_what_is_in_it(world: World) -> None:
    _, listed, _ = await world.staff.call("otto", "GET", "/v1/messages")
    status, shown, raw = await world.staff.call("otto", "GET", f"/v1/messages/{world.pid}")
    assert status == 200
    assert isinstance(listed["items"], list)
    assert listed["items"][0]["message"] is None
    assert shown["message"] is None
    assert b"officer" not in raw
    assert b"annex" not in raw


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/keys"),
        ("POST", "/v1/changes"),
        ("POST", "/v1/revocations"),
        ("POST", f"/v1/changes/{'00' * 32}/approvals"),
        ("POST", f"/v1/changes/{'00' * 32}/publish"),
        ("POST", "/v1/people"),
    ],
)
async def test_keys_and_people_are_for_their_custodian_alone(world: World, method: str, path: str) -> None:
    for who in ("otto", "cara", "paul"):
        assert await world.staff.code(who, method, path, {}) == "not-allowed"
    if method == "POST":
        assert await world.staff.code("ada", method, path, {}) == "not-allowed"


async def test_nobody_is_let_in_without_a_token_that_counts(world: World) -> None:
    real = world.staff.tokens["cara"]
    changed = real[:-1] + ("A" if real[-1] != "A" else "E")
    other_id = "emla_" + "0" * 12 + real[17:]
    for bad in (None, "nonsense", changed, other_id, real.upper()):
        assert await world.staff.code(bad, "GET", "/v1/messages") == "not-authenticated"
        assert await world.staff.code(bad, "GET", "/v1/nothing") == "not-authenticated"
    assert await world.staff.code("cara", "GET", "/v1/nothing") == "not-found"


async def test_a_crash_between_leaf_and_bytes_leaves_the_leaf_and_the_ledger_holds(world: World) -> None:
    async with world.staff.server.client() as client:
        answer = await client.get(
            f"/v1/messages/{world.pid}/parts/1",
            headers={"Authorization": f"Bearer {world.staff.tokens['cara']}"},
        )
        answer.close()  # the reader goes away before a byte was taken
    _, reads, _ = await world.staff.call("ada", "GET", "/v1/reads?person=cara")
    assert isinstance(reads["items"], list)
    assert world.pid in [each["id"] for each in reads["items"]]
    assert verify_ledger(Path(world.staff.server.data)).problems == ()


async def test_nobody_becomes_part_of_a_foreign_case_by_writing_into_it(world: World) -> None:
    case_id = bytes.fromhex(world.case_id)
    status, answer = await world.staff.submit("petra", TEMPLATE, case_id)
    assert (status, answer["code"]) == (404, "not-found")
    _, listed, _ = await world.staff.call("petra", "GET", "/v1/messages")
    assert listed == {"items": []}


async def test_a_foreign_case_is_in_no_list_and_opens_by_no_id(world: World) -> None:
    _, hers, _ = await world.staff.call("petra", "GET", "/v1/cases?limit=1")
    _, his, _ = await world.staff.call("paul", "GET", "/v1/cases")
    assert hers == {"items": [], "more": False}
    assert isinstance(his["items"], list)
    assert world.case_id in [each["case_id"] for each in his["items"]]
    _, absent, _ = await world.staff.call("petra", "GET", f"/v1/cases/{'0' * 32}")
    for asked in (world.case_id, world.case_id[:8], f"{world.case_id}/timeline"):
        before = await refused_leaves(world.staff, "petra", world.case_id)
        status, answer, _ = await world.staff.call("petra", "GET", f"/v1/cases/{asked}")
        assert status == 404
        assert {**answer, "correlation_id": ""} == {**absent, "correlation_id": ""}
        assert await refused_leaves(world.staff, "petra", world.case_id) == before + 1
    for who in ("ada", "kay", "otto"):
        assert await world.staff.code(who, "GET", f"/v1/cases/{world.case_id}") == "not-allowed"


async def newcomers(staff: Staff, *names: str) -> None:
    """A prosecutor and a central officer who have no cases yet."""
    for name, role in zip(names, (PersonRole.PROSECUTOR, PersonRole.CENTRAL_OFFICER), strict=True):
        await staff.take(name, await staff.add("kay", name, [role]))


async def test_that_a_foreign_case_names_ones_own_is_not_told(world: World) -> None:
    await newcomers(world.staff, "pia", "cleo")
    foreign = secrets.token_bytes(16)
    own = hashlib.sha256(foreign).digest()[:16]  # the case that a message of the template relates to
    for who, case_id in (("pia", own), ("cleo", foreign)):
        status, answer = await world.staff.submit(who, TEMPLATE, case_id)
        assert status == 201, answer
    _, hers, _ = await world.staff.call("pia", "GET", f"/v1/cases/{own.hex()}")
    _, whole, raw = await world.staff.call("cleo", "GET", f"/v1/cases/{own.hex()}")
    assert foreign.hex().encode() in raw
    assert foreign.hex() not in str(hers)
    assert hers["etag"] == whole["etag"]


async def test_mine_are_the_cases_one_drafted_in_or_is_named_for(world: World) -> None:
    await newcomers(world.staff, "phil", "cyd")

    async def listed(who: str, query: str = "") -> list[str]:
        _, answer, _ = await world.staff.call(who, "GET", f"/v1/cases?limit=1{query}")
        items = answer["items"]
        assert isinstance(items, list)
        return [str(each["case_id"]) for each in items]

    case_id = secrets.token_bytes(16)
    status, answer = await world.staff.submit("phil", TEMPLATE, case_id)
    assert status == 201, answer
    path = f"/v1/cases/{case_id.hex()}/people/cyd"
    assert await listed("cyd") != []
    assert await listed("cyd", "&mine=1") == []
    assert await world.staff.code("cyd", "PUT", path) == "ok"
    assert await listed("cyd", "&mine=1") == [case_id.hex()]
    assert await world.staff.code("cyd", "DELETE", path) == "ok"
    # One at most was asked for, and something came in another case since: it is found all the same.
    status, answer = await world.staff.submit("cyd", TEMPLATE)
    assert status == 201, answer
    assert await listed("phil") == await listed("phil", "&mine=1") == [case_id.hex()]


@pytest.mark.parametrize("what", ["", "/timeline"])
async def test_who_reads_a_case_leaves_a_leaf(world: World, what: str) -> None:
    path = f"/v1/reads?person=paul&package={world.case_id}"
    _, before, _ = await world.staff.call("ada", "GET", path)
    assert await world.staff.code("paul", "GET", f"/v1/cases/{world.case_id}{what}") == "ok"
    _, after, _ = await world.staff.call("ada", "GET", path)
    assert isinstance(before["items"], list)
    assert isinstance(after["items"], list)
    assert len(after["items"]) == len(before["items"]) + 1
    assert after["items"][0]["what"] == "case"


async def begun(staff: Staff, name: str) -> bytes:
    """A case of a new prosecutor's own: others compare lists of those who are there."""
    await staff.take(name, await staff.add("kay", name, [PersonRole.PROSECUTOR]))
    case_id = secrets.token_bytes(16)
    status, answer = await staff.submit(name, TEMPLATE, case_id)
    assert status == 201, answer
    return case_id


async def test_who_has_seen_a_case_is_told_that_it_is_as_it_was_and_nobody_else_is(world: World) -> None:
    case_id = await begun(world.staff, "nina")
    path, reads = f"/v1/cases/{case_id.hex()}", f"/v1/reads?limit=1000&package={case_id.hex()}"

    async def asked(who: str, known: str | None = None, query: str = "") -> tuple[int, str, bytes]:
        bears = {"Authorization": f"Bearer {world.staff.tokens[who]}"}
        bears |= {"If-None-Match": known} if known else {}
        async with world.staff.server.client() as client, client.get(path + query, headers=bears) as answer:
            return answer.status, answer.headers.get("ETag", ""), await answer.read()

    status, tag, body = await asked("nina")
    found = json.loads(body)
    assert (status, tag) == (200, f'"{found["etag"]}.{found["view"]}"')
    _, before, _ = await world.staff.call("ada", "GET", reads)
    for known in (tag, f"W/{tag}", f'"another", {tag}', "*"):
        assert await asked("nina", known) == (304, tag, b"")
    _, after, _ = await world.staff.call("ada", "GET", reads)
    assert before == after
    for known in (f'"{found["etag"]}"', '"another"', "odd"):
        assert (await asked("nina", known))[0] == 200
    # Somebody writes: who waits with a tag is told.
    waiting = asyncio.create_task(asked("nina", tag, "?wait=60"))
    status, answer = await world.staff.submit("nina", TEMPLATE, case_id)
    assert status == 201, answer
    status, moved, _ = await waiting
    assert (status, moved != tag) == (200, True)
    assert [(await asked("petra", known))[0] for known in (tag, moved, "*")] == [404, 404, 404]


async def test_who_writes_for_a_case_as_it_was_is_told_that_it_moved(world: World) -> None:
    case_id = await begun(world.staff, "nora")

    async def seen() -> tuple[str, str]:
        status, found, _ = await world.staff.call("nora", "GET", f"/v1/cases/{case_id.hex()}")
        assert status == 200, found
        return f'"{found["etag"]}.{found["view"]}"', str(found["etag"])

    async def written(tag: str, main: bytes, path: str = "messages", **extra: object) -> tuple[int, object]:
        bears = {"Authorization": f"Bearer {world.staff.tokens['nora']}", "If-Match": tag}
        body = submission(main, [(ATTACHMENT_NAME, TEMPLATE.attachment)], **extra)
        async with world.staff.server.client() as client:
            answer = await client.post(f"/v1/{path}", data=body, headers=bears)
            found = await answer.json(content_type=None)
            return answer.status, found.get("code")

    one, two = (TEMPLATE.fill(secrets.token_bytes(16), case_id) for _ in range(2))
    (tag, etag) = await seen()
    for odd in ("*", f"W/{tag}", f"{tag}, {tag}", "odd", '"odd"', ""):
        assert await written(odd, one) == (400, "bad-request")
    assert await written(tag, one, case_etag="0" * 32) == (400, "bad-request")
    assert await written(tag, one, case_etag=etag) == (201, None)
    assert await written(tag, one) == (200, None)  # what was sent is sent, and said once more
    for path in ("messages", "drafts"):
        assert await written(tag, two, path) == (412, "case-changed")
    assert await written(f'"{(await seen())[1]}"', two) == (201, None)


async def test_an_act_is_dictated_for_a_case_of_ones_own_and_its_preview_is_a_read(world: World) -> None:
    case_id = await begun(world.staff, "nell")
    path, reads = f"/v1/cases/{case_id.hex()}", f"/v1/reads?limit=1000&package={case_id.hex()}"
    act: dict[str, object] = {
        "act": "withdraw",
        "said": {
            "scope": "ALL",
            "ground": "NO_LONGER_REQUIRED",
            "material": "RETURN",
            "confidentiality": "RESTRICTED",
        },
        "signer": {"name": "Nell", "post": "Prosecutor", "place": "Vienna"},
        "answers": {"Handling/ConfidentialityRequested": "no", **dict.fromkeys(PHONES, "+43 1 555 0100")},
    }

    async def dictated(who: str, way: str = "/preview", tag: str | None = None) -> tuple[int, Any]:
        bears = {"Authorization": f"Bearer {world.staff.tokens[who]}"} | ({"If-Match": tag} if tag else {})
        async with (
            world.staff.server.client() as client,
            client.post(f"{path}/acts{way}", json=act, headers=bears) as answer,
        ):
            return answer.status, await answer.json(content_type=None)

    status, found = await dictated("nell")
    assert (status, found.get("sendable")) == (200, True), [
        f["message"] + f["remedy"] for f in found["findings"]
    ]
    _, answer, _ = await world.staff.call("ada", "GET", reads)
    items = cast(list[dict[str, object]], answer["items"])
    assert [(each["name"], each["what"], each["allowed"]) for each in items] == [("nell", "case", True)]
    for way in ("", "/preview"):
        assert (await dictated("petra", way))[0] == 404
        assert (await dictated("otto", way))[0] == 403
        status, refused = await dictated("nell", way, f'"{"0" * 32}"')
        assert (status, refused["code"]) == (412, "case-changed")
