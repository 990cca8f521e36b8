"""Malware from a peer: two servers, the real ClamAV, people with roles, and the command line."""

import asyncio
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from emla.bootstrap.audit import verify_ledger
from emla.bootstrap.checkup import Verdict
from emla.bootstrap.doctor_scanner import examine_scanner
from emla.model.person import PersonRole
from emla.model.settings import ScannerSettings, Settings
from tests.support.cli import emla
from tests.support.messages import ATTACHMENT_NAME, make_template
from tests.support.patience import PATIENCE_SECONDS
from tests.support.people import Staff
from tests.support.scanning import FOUND, MALWARE, clamscan, make_database
from tests.support.servers import Server, make_server, started, submission

pytestmark = [pytest.mark.xdist_group("quarantine"), pytest.mark.needs("clamscan")]
REASON = "It is evidence: the laboratory opens it."
TEMPLATE = make_template(sender="at.moj", recipient="de.bfj", attachment=b"results " * 50 + MALWARE)


class World:
    """AT, and DE, which has a scanner and people."""

    def __init__(self, there: Server, here: Server, signatures: Path) -> None:
        self.there = there
        self.staff = Staff(here)
        self.signatures = signatures

    async def hire(self) -> None:
        await self.staff.hire()
        await self.staff.take("nina", await self.staff.add("kay", "nina", [PersonRole.POC_247]))

    async def send(self) -> str:
        """AT sends an attachment with malware; the package, when it is consigned."""
        main = TEMPLATE.fill(secrets.token_bytes(16), secrets.token_bytes(16))
        async with self.there.client() as client:
            body = submission(main, [(ATTACHMENT_NAME, TEMPLATE.attachment)])
            answer = await client.post("/v1/messages", data=body)
            assert answer.status == 201, await answer.text()
            pid = str((await answer.json())["pid"])
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (await self.message(pid)).get("state") != "CONSIGNED":
                await asyncio.sleep(0.02)
        return pid

    async def message(self, pid: str) -> dict[str, object]:
        _, message, _ = await self.staff.call("cara", "GET", f"/v1/messages/{pid}")
        return message

    async def scan(self, pid: str) -> dict[str, object]:
        """What is shown of the attachment."""
        parts = (await self.message(pid))["parts"]
        assert isinstance(parts, list)
        return dict(parts[1]["scan"] or {})

    async def waiting(self, who: str, pid: str) -> list[dict[str, object]]:
        """What somebody sees of a package among what waits."""
        _, quarantine, _ = await self.staff.call(who, "GET", "/v1/quarantine?limit=1000")
        items = quarantine["items"]
        assert isinstance(items, list)
        return [each for each in items if each["pid"] == pid]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("q")
    signatures = make_database(folder / "signatures")
    there, here = make_server(folder, "at.moj"), make_server(folder, "de.bfj")
    here.scanner = {"command": clamscan(signatures), "again_hours": 8760}
    with started(there, here):
        world = World(there, here, signatures)
        asyncio.run(world.hire())
        yield world


async def test_a_part_with_malware_is_kept_back_seen_and_released_with_a_reason(world: World) -> None:
    staff, pid = world.staff, await world.send()
    part = f"/v1/messages/{pid}/parts/1"
    assert await world.scan(pid) == {}
    status, answer, _ = await staff.call("cara", "GET", part)
    assert (status, answer["code"], answer["who"]) == (409, "infected", "the officer who sends")
    assert FOUND in str(answer["detail"])
    known = await world.scan(pid)
    assert (known["verdict"], known["detail"], known["released"]) == ("infected", FOUND, None)
    # The message itself is read all the same, and is scanned, too.
    assert await staff.code("cara", "GET", f"/v1/messages/{pid}/parts/0") == "ok"
    # Who sees it: the operator that something is there, not its name; a prosecutor whose case it is not, nothing.
    assert [each["name"] for each in await world.waiting("cara", pid)] == [ATTACHMENT_NAME]
    assert [each["name"] for each in await world.waiting("otto", pid)] == [None]
    assert await world.waiting("paul", pid) == []
    # Who decides: a central officer or the 24/7 contact, with a reason, about what was seen.
    decision: dict[str, object] = {"verdict": "infected", "reason": REASON}
    for who in ("paul", "otto", "ada", "kay"):
        assert await staff.code(who, "POST", f"{part}/release", decision) == "not-allowed"
    for wrong in ({"reason": " "}, {"reason": "a\nb"}, {"reason": "x" * 501}, {"verdict": "clean"}):
        assert await staff.code("cara", "POST", f"{part}/release", decision | wrong) == "bad-request"
    assert (
        await staff.code("cara", "POST", f"{part}/release", decision | {"verdict": "failed"}) == "wrong-state"
    )
    assert await staff.code("cara", "GET", part) == "infected"
    assert await staff.code("nina", "POST", f"{part}/release", decision) == "ok"
    status, _, raw = await staff.call("cara", "GET", part)
    assert (status, raw) == (200, TEMPLATE.attachment)
    _, answer, _ = await staff.call("ada", "GET", f"/v1/reads?package={pid}")
    reads = answer["items"]
    assert isinstance(reads, list)
    told = {(each["part"], each["scan"]) for each in reads}
    assert told == {(1, f"released: infected {FOUND}"), (0, "clean")}
    assert verify_ledger(staff.server.data).problems == ()


def test_the_command_line_keeps_back_what_is_bad_saves_the_rest_and_scans_again(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, pid = world.staff.server.data, asyncio.run(world.send())
    monkeypatch.setenv("EMLA_TOKEN", world.staff.tokens["cara"])
    scanned = emla("quarantine", "scan", pid, "--json", "--data", data)
    assert [each["scan"]["verdict"] for each in scanned.document["parts"]] == ["clean", "infected"]  # type: ignore[attr-defined] # objects
    opened = emla("message", "open", pid, "--to", tmp_path, "--data", data)
    assert opened.code == 3
    assert "kept back" in opened.out
    assert [each.suffix for each in tmp_path.iterdir()] == [".xml"]
    listed = emla("quarantine", "list", "--data", data)
    assert "malware found" in listed.out
    assert "malware found" in emla("message", "list", "--data", data).out
    assert "malware found" in emla("message", "show", pid, "--data", data).out
    words = ("quarantine", "release", pid, "--part", "1", "--reason", REASON, "--data", data)
    assert "Nothing was done" in emla(*words, "--dry-run").err
    assert emla("message", "open", pid, "--part", "1", "--to", tmp_path, "--json", "--data", data).code == 3
    assert emla(*words).code == 0
    whole = emla("message", "open", pid, "--to", tmp_path, "--json", "--data", data)
    assert whole.code == 0, whole.out
    assert len(list(tmp_path.iterdir())) == 2
    shown = emla("quarantine", "show", pid, "--json", "--data", data)
    assert shown.document["parts"][1]["scan"]["detail"] == FOUND  # type: ignore[index] # objects
    assert emla("quarantine", "release", pid, "--part", "0", "--reason", REASON, "--data", data).code == 3
    assert emla("quarantine", "release", pid, "--part", "7", "--reason", REASON, "--data", data).code == 1


async def test_the_server_says_what_scans_and_counts_it_and_logs_no_name_of_a_file(world: World) -> None:
    pid = await world.send()
    assert await world.staff.code("cara", "GET", f"/v1/messages/{pid}/parts/1") == "infected"
    _, status, _ = await world.staff.call("cara", "GET", "/v1/status")
    assert status["scanner"] == "command"
    async with aiohttp.ClientSession() as client:
        answer = await client.get(f"http://127.0.0.1:{world.staff.server.operations_port}/metrics")
        figures = await answer.text()
    found = re.search(r'^emla_scans_total{result="infected"} (.*)$', figures, re.MULTILINE)
    assert found is not None
    assert float(found[1]) >= 1
    log = world.staff.server.log.read_text()
    assert "malware found" in log
    assert ATTACHMENT_NAME not in log


async def test_doctor_lets_the_scanner_find_the_test_file(tmp_path: Path) -> None:
    async def verdict(command: str) -> Verdict:
        scanner = ScannerSettings(command=command)
        return (await examine_scanner(Settings(data=tmp_path / "data", scanner=scanner))).verdict

    signatures = make_database(tmp_path / "signatures")
    assert await verdict("") is Verdict.WARN
    assert await verdict(clamscan(signatures)) is Verdict.OK
    assert await verdict("relative") is Verdict.FAIL
    assert await verdict("/no/such/program") is Verdict.FAIL
    assert await verdict("/bin/sh -c 'cat >/dev/null; exit 1'") is Verdict.FAIL  # everything is bad
    (signatures / "t.hdb").unlink()
    assert await verdict(clamscan(signatures)) is Verdict.FAIL  # does not know what every scanner knows
