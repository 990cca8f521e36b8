"""Four eyes at a running gateway: whom a draft is for, by the calls and by the command line."""

import asyncio
import hashlib
import json
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from emla.bootstrap.audit import verify_ledger
from emla.model.person import PersonRole
from tests.integration.test_officers_acts import SAID
from tests.support.cli import emla
from tests.support.messages import ATTACHMENT_NAME, make_template
from tests.support.people import Staff
from tests.support.servers import Server, make_server, pin, started, submission

pytestmark = pytest.mark.xdist_group("drafts")
TEMPLATE = make_template(sender="at.moj", recipient="de.bfj", attachment=b"the account numbers " * 40)
APPROVER = PersonRole.APPROVER


@pytest.fixture(scope="module")
def staff(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Staff]:
    folder = tmp_path_factory.mktemp("d")
    here, there = make_server(folder, "at.moj"), make_server(folder, "de.bfj")
    with started(here):
        one = Staff(here)
        asyncio.run(begin(one, there))
        yield one


async def begin(staff: Staff, there: Server) -> None:
    await pin(staff.server, there)
    await staff.hire()
    await staff.take("vera", await staff.add("kay", "vera", [APPROVER]))
    await staff.take("walt", await staff.add("kay", "walt", [APPROVER, PersonRole.CENTRAL_OFFICER]))


def written(folder: Path) -> Path:
    """A message with its attachment, as files."""
    (folder / ATTACHMENT_NAME).write_bytes(TEMPLATE.attachment)
    main = folder / "request.xml"
    main.write_bytes(TEMPLATE.fill(secrets.token_bytes(16), secrets.token_bytes(16)))
    return main


async def hand_in(staff: Staff, who: str) -> dict[str, object]:
    main = TEMPLATE.fill(secrets.token_bytes(16), secrets.token_bytes(16))
    async with staff.server.client() as client:
        answer = await client.post(
            "/v1/drafts",
            data=submission(main, [(ATTACHMENT_NAME, TEMPLATE.attachment)]),
            headers={"Authorization": f"Bearer {staff.tokens[who]}"},
        )
        assert answer.status == 201, await answer.text()
        found: dict[str, object] = await answer.json()
        return found


async def test_nobody_sends_alone_and_each_is_told_the_way(staff: Staff) -> None:
    for who in ("paul", "cara", "walt"):
        status, answer = await staff.submit(who, TEMPLATE)
        assert (status, answer["code"]) == (409, "needs-approval")
        _, me, _ = await staff.call(who, "GET", "/v1/self")
        assert me["needs_approval"] is True
    assert await staff.code("vera", "POST", "/v1/messages") == "not-allowed"


async def test_a_draft_is_for_its_drafter_and_for_who_sees_all_cases(staff: Staff) -> None:
    draft = await hand_in(staff, "paul")
    path = f"/v1/drafts/{draft['id']}"
    for who in ("paul", "vera", "cara"):
        assert await staff.code(who, "GET", path) == "ok"
        assert await staff.code(who, "GET", path[: len("/v1/drafts/") + 8]) == "ok"
    absent = await staff.call("petra", "GET", f"/v1/drafts/{'0' * 32}")
    for asked in (path, path + "/parts/0"):
        status, answer, _ = await staff.call("petra", "GET", asked)
        assert status == 404
        assert {**answer, "correlation_id": ""} == {**absent[1], "correlation_id": ""}
    assert await staff.code("petra", "DELETE", path) == "not-found"
    _, hers, _ = await staff.call("petra", "GET", "/v1/drafts")
    assert hers == {"items": []}
    _, all_, _ = await staff.call("vera", "GET", "/v1/drafts?state=WAITING")
    assert isinstance(all_["items"], list)
    assert draft["id"] in [each["id"] for each in all_["items"]]
    for who in ("ada", "kay", "otto"):
        assert await staff.code(who, "GET", path) == "not-allowed"
        assert await staff.code(who, "GET", path + "/parts/0") == "not-allowed"
    _, reads, _ = await staff.call("ada", "GET", f"/v1/reads?package={draft['id']}&limit=1000")
    assert isinstance(reads["items"], list)
    told = {(each["name"], each["what"], each["allowed"]) for each in reads["items"]}
    assert {("vera", "draft", True), ("paul", "draft", True), ("petra", "draft", False)} <= told


async def test_only_an_approver_decides_and_never_about_a_draft_of_his_own(staff: Staff) -> None:
    draft = await hand_in(staff, "walt")
    path, body = f"/v1/drafts/{draft['id']}", {"hash": draft["hash"]}
    for who in ("paul", "cara", "ada", "kay", "otto"):
        assert await staff.code(who, "POST", f"{path}/approve", body) == "not-allowed"
        assert await staff.code(who, "POST", f"{path}/return", body) == "not-allowed"
    assert await staff.code("walt", "POST", f"{path}/approve", body) == "own-draft"
    # A second token of the same person is the same person.
    _, token, _ = await staff.call(
        "walt", "POST", "/v1/self/tokens", {"label": "other", "roles": ["approver"]}
    )
    assert await staff.code(str(token["token"]), "POST", f"{path}/approve", body) == "own-draft"
    wrongs: tuple[dict[str, object], ...] = ({}, {"hash": "00"}, {"hash": "0" * 64, "more": 1})
    for wrong in wrongs:
        assert await staff.code("vera", "POST", f"{path}/approve", wrong) == "bad-request"
    assert await staff.code("vera", "POST", f"{path}/approve", {"hash": "0" * 64}) == "draft-changed"
    assert await staff.code("vera", "POST", f"{path}/return", {**body, "reason": "a\nb"}) == "bad-request"
    status, sent, _ = await staff.call("vera", "POST", f"{path}/approve", body)
    assert (status, sent["state"]) == (200, "SENT")
    assert await staff.code("cara", "GET", f"/v1/messages/{sent['pid']}") == "ok"
    await an_act_in_json_waits_too(staff, str(sent["case_id"]))


async def an_act_in_json_waits_too(staff: Staff, case_id: str) -> None:
    """What a case system says waits for the same second person; a file too large for JSON goes with the message of a preview."""
    path, notice = f"/v1/cases/{case_id}/acts", b"the notice " * 9
    sides = ("Sender", "Recipient")
    phones = {f"MessageHeader/{side}/Contact[1]/Phone": "+43 1 555 0100" for side in sides}
    act: dict[str, object] = {
        "act": "withdraw",
        "said": {
            "scope": "ALL",
            "ground": "NO_LONGER_REQUIRED",
            "material": "RETURN",
            "confidentiality": "RESTRICTED",
        },
        "signer": {"name": "Walt", "post": "Adviser", "place": "Vienna"},
        "answers": {"Handling/ConfidentialityRequested": "no", **phones},
    }
    facts = {"size": len(notice), "sha256": hashlib.sha256(notice).hexdigest()}
    files: list[dict[str, object]] = [{"name": "notice.bin", "media": "application/octet-stream", **facts}]
    with_file = act | {"files": files}
    assert await staff.code("walt", "POST", path, with_file) == "missing-attachment"
    status, seen, _ = await staff.call("walt", "POST", f"{path}/preview", with_file)
    assert (status, seen["sendable"]) == (200, True), seen
    async with staff.server.client() as client:
        body = submission(str(seen["document"]).encode(), [("notice.bin", notice)])
        bears = {"Authorization": f"Bearer {staff.tokens['walt']}"}
        answer = await client.post("/v1/drafts", data=body, headers=bears)
        assert answer.status == 201, await answer.text()
    status, waits, _ = await staff.call("walt", "POST", path, act)
    assert (status, waits["state"], waits["pid"]) == (201, "WAITING", None), waits
    _, draft, _ = await staff.call("vera", "GET", f"/v1/drafts/{waits['draft']}")
    status, sent, _ = await staff.call(
        "vera", "POST", f"/v1/drafts/{waits['draft']}/approve", {"hash": draft["hash"]}
    )
    assert (status, sent["state"]) == (200, "SENT"), sent


def test_by_the_command_line_from_the_drafter_to_the_approver(
    staff: Staff, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = staff.server.data
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("EMLA_DRAFTS", str(tmp_path / "state" / "drafts"))
    main = written(tmp_path)

    def run(who: str, *words: str | Path) -> dict[str, object]:
        monkeypatch.setenv("EMLA_TOKEN", staff.tokens[who])
        done = emla(*words, "--json", "--data", data)
        assert done.code == 0, done.err
        return done.document

    waits = run("paul", "message", "send", main)
    assert waits["state"] == "WAITING"
    draft = str(waits["id"])
    assert run("paul", "message", "send", main)["id"] == draft
    shown = emla("message", "send", main, "--data", data)
    assert (shown.code, "waits for approval, and is not sent yet" in shown.out) == (0, True)
    listed = run("vera", "draft", "list", "--waiting")
    assert draft in json.dumps(listed)
    opened = run("vera", "draft", "open", draft[:8], "--to", tmp_path / "opened")
    assert isinstance(opened["files"], list)
    assert (tmp_path / "opened" / "request.xml").read_bytes() == main.read_bytes()
    reason = "The account number is missing."
    assert run("vera", "draft", "return", draft, "--reason", reason, "--yes")["state"] == "RETURNED"
    assert run("paul", "draft", "show", draft)["returned_because"] == reason
    again = run("paul", "message", "send", main)
    assert again["id"] != draft
    looked_at = str(again["hash"])
    sent = run("vera", "draft", "approve", str(again["id"]), "--hash", looked_at)
    assert sent["state"] == "SENT"
    delivered = run("paul", "message", "send", main)  # once more: the package that was sent
    assert delivered["pid"] == sent["pid"]
    third = run("paul", "message", "send", written(tmp_path))
    assert run("paul", "draft", "withdraw", str(third["id"]))["state"] == "WITHDRAWN"
    # What an officer says in a case goes the same way: it waits, and nobody goes alone where there is no emergency.
    case_id = str(run("paul", "message", "show", str(sent["pid"]))["conversation"])
    act = ("case", "act", case_id, "inquire", "--reason", "How far is it?")
    signed = (*SAID, "--yes")
    said = run("paul", *act, *signed)
    assert said["state"] == "WAITING"
    lonely = emla(*act, *signed, "--emergency", "A child is missing.", "--json", "--data", data)
    assert lonely.document["error"]["code"] == "no-emergency"  # type: ignore[index]  # JSON
    assert run("paul", "draft", "withdraw", str(said["id"]))["state"] == "WITHDRAWN"
    monkeypatch.setenv("EMLA_TOKEN", staff.tokens["paul"])
    alone = emla("message", "send", written(tmp_path), "--emergency", "A child is missing.", "--data", data)
    assert alone.code == 3
    assert "no emergency" in alone.err.lower() or "this is none" in alone.err
    monkeypatch.setenv("EMLA_TOKEN", staff.tokens["vera"])
    for words in (
        ("draft", "show", draft),
        ("draft", "list"),
        ("audit", "alone", "--open"),
    ):
        assert emla(*words, "--data", data).code == 0
    assert emla("draft", "approve", draft, "--data", data).code == 2  # nobody to ask
    assert "what is sent here waits for an approver" in emla("doctor", "--json", "--data", data).out
    assert verify_ledger(data).problems == ()
