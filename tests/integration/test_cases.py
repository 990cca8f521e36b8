"""Five sample cases through two real servers each, by command line: both sides end with the same acts, where the case says."""

import asyncio
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from emla.bootstrap.sample import write_capture
from emla.formats import dsse
from emla.model.limits import WIRE
from emla.model.person import PersonRole
from emla.model.signed import PayloadType
from tests.support.cli import Outcome, emla, short_folder
from tests.support.patience import PATIENCE_SECONDS
from tests.support.people import Staff
from tests.support.sample_acts import act_of
from tests.support.sample_cases import SampleCase, cases
from tests.support.sample_line import CAPTURE, REASON
from tests.support.servers import Server, running

FIVE = ("S01", "S02", "S11", "S12", "S13")


def until(holds: Callable[[], bool]) -> None:
    """Wait for what another process does and nobody announces."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.03)


class Sides:
    """The two servers of a case."""

    def __init__(self, *servers: Server) -> None:
        self.by_id = {server.id: server for server in servers}

    def run(self, authority: str, *words: str | Path) -> Outcome:
        return emla(*words, "--json", "--data", self.by_id[authority].data)

    def done(self, authority: str, *words: str | Path) -> dict[str, object]:
        outcome = self.run(authority, *words)
        assert outcome.code == 0, outcome.out + outcome.err
        return outcome.document

    def send(self, path: Path) -> None:
        """Send a message; what a rule of weight error finds is overridden with a reason."""
        act = act_of(path)
        overrides: list[str] = []
        while True:
            outcome = self.run(act.sender, "message", "send", path, *overrides)
            if outcome.code == 0:
                break
            error = outcome.document["error"]
            assert isinstance(error, dict)
            found = {each["rule"] for each in error["findings"] if each["severity"] == "error"}
            new = [each for each in sorted(found) if f"{each}={REASON}" not in overrides]
            assert new, outcome.out
            for rule in new:
                overrides += ["--override", f"{rule}={REASON}"]
        until(lambda: act.message_id.hex() in self.acts(act.recipient, act.case_id.hex()))

    def case(self, authority: str, case_id: str) -> dict[str, object]:
        return self.done(authority, "case", "show", case_id)

    def acts(self, authority: str, case_id: str) -> list[str]:
        outcome = self.run(authority, "case", "show", case_id)
        if outcome.code:
            return []
        acts = outcome.document["acts"]
        assert isinstance(acts, list)
        return [each["message_id"] for each in acts]


@pytest.fixture(params=FIVE)
def played(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[SampleCase, Sides]]:
    """A case that took its course."""
    case = next(each for each in cases() if each.folder.name == request.param)
    steps = [each for each in case.steps if each.file and not each.branch]
    files = tmp_path / "files"
    shutil.copytree(case.folder, files)
    if any(CAPTURE in (files / str(each.file)).read_text(encoding="utf-8") for each in steps):
        write_capture(files / CAPTURE)
    first = act_of(case.folder / str(steps[0].file))
    with short_folder() as folder, running(folder, first.sender, first.recipient) as servers:
        sides = Sides(*servers)
        for number, step in enumerate(steps):
            sides.send(files / str(step.file))
            if number == 1:
                servers[1].stop()  # whatever is known of a case is in its acts
                servers[1].start()
                servers[1].wait_ready()
        yield case, sides


def listed(sides: Sides, authority: str) -> list[dict[str, object]]:
    items = sides.done(authority, "case", "list")["items"]
    assert isinstance(items, list)
    return items


def states(body: dict[str, object]) -> tuple[set[str], dict[str, str]]:
    standings = body["standings"]
    assert isinstance(standings, list)
    kinds = ("request", "preservation", "extradition", "information")
    found = {each[kind] for each in standings for kind in kinds if each[kind]}
    return found, {one["id"]: one["state"] for each in standings for one in each["measures"]}


def test_both_sides_end_with_the_same_acts_where_the_case_says(played: tuple[SampleCase, Sides]) -> None:
    case, sides = played
    last = next(each for each in reversed(case.steps) if each.file and not each.branch)
    case_id = act_of(case.folder / str(last.file)).case_id.hex()
    bodies = [sides.case(authority, case_id) for authority in sides.by_id]
    assert bodies[0]["etag"] == bodies[1]["etag"]
    for body, authority in zip(bodies, sides.by_id, strict=True):
        assert body["whole"]
        there, measures = states(body)
        assert set(last.where.get("request", "").split()) <= there
        assert last.measures.items() <= measures.items()
        assert case_id in {each["case_id"] for each in listed(sides, authority)}
        items = sides.done(authority, "case", "timeline", case_id)["items"]
        assert isinstance(items, list)
        assert {each["layer"] for each in items} == {"act", "delivery"}
        assert [each["at"] for each in items] == sorted(each["at"] for each in items)
        shown = emla("case", "show", case_id, "--data", sides.by_id[authority].data)
        assert "Technical delivery is not acceptance of the request." in shown.err
        watched = sides.done(authority, "case", "watch", case_id, "--until", last.where["request"])
        assert watched["etag"] == body["etag"]
    if case.folder.name == "S12":
        owner, holder = sides.by_id
        told_who_read(sides, owner, holder, case_id)
        erased_by_command(sides, next(iter(sides.by_id)), case_id)


def told_who_read(sides: Sides, owner: str, holder: str, case_id: str) -> None:
    """The owner hears from the holder's ledger who read what it sent, and is shown the same while the holder is away."""
    acts: Any = sides.case(holder, case_id)["acts"]
    pid = next(str(each["pid"]) for each in acts if each["sender"] == owner)
    saved = sides.by_id[owner].data.parent / "reports"
    assert sides.done(holder, "message", "open", pid, "--to", saved.parent / "opened")
    command = ("case", "accesses", case_id)
    answered: Any = sides.done(owner, *command, "--save", saved)["holders"]
    (said,) = answered
    assert (said["holder"], said["code"]) == (holder, None)
    assert {(each["what"], each["role"]) for each in said["accesses"]} == {
        ("case", "central_officer"),
        ("part", "central_officer"),
    }
    assert pid in {each["package"] for each in said["accesses"]}
    (report,) = saved.iterdir()
    assert dsse.decode(report.read_bytes(), PayloadType.ACCESSES, WIRE.access_bytes).signatures
    there = sides.by_id[holder]
    there.stop()
    shown = emla(*command, "--data", sides.by_id[owner].data)
    there.start()
    there.wait_ready()
    assert shown.code == 0
    assert "peer-unreachable" in shown.err
    assert "central officer" in shown.out
    kept: Any = sides.done(owner, *command, "--kept")["holders"]
    assert kept[0]["accesses"] == said["accesses"]


def erased_by_command(sides: Sides, authority: str, case_id: str) -> None:
    """A case is held back, let go and erased; the other side keeps its own."""
    case, erase = ("case", "erase", case_id, "--yes", "--reason", "Order of the court"), "--although-open"
    acts: Any = sides.case(authority, case_id)["acts"]
    pid = str(acts[0]["pid"])
    assert sides.done(authority, "case", "hold", case_id, "--reason", "Appeal pending")["hold"]
    for seen in (sides.case(authority, case_id), sides.done(authority, "message", "show", pid)):
        held: Any = seen["hold"]
        assert (held["reason"], seen.get("erased")) == ("Appeal pending", None)
    refused = sides.run(authority, *case, erase)
    error: Any = refused.document["error"]
    assert (refused.code, error["code"]) == (3, "legal-hold")
    assert sides.done(authority, "case", "unhold", case_id)["hold"] is None
    planned = sides.done(authority, *case, "--dry-run")
    assert planned["orders"] == []
    orders: Any = sides.done(authority, *case, erase)["orders"]
    (order,) = orders
    assert (order["why"], order["reason"]) == ("order", "Order of the court")

    def state() -> object:
        now: Any = sides.done(authority, *case, "--dry-run")["orders"]
        return now[0]["state"]

    until(lambda: state() == "ERASED")
    for words in (("case", "show", case_id), ("case", "list"), ("message", "show", pid), ("message", "list")):
        shown = emla(*words, "--data", sides.by_id[authority].data)
        assert "erased" in shown.out.lower(), words
    message: Any = sides.done(authority, "message", "show", pid)["erased"]
    assert (message["state"], message["reason"]) == ("ERASED", "Order of the court")
    assert sides.case(authority, case_id)["acts"] == []
    again: Any = sides.done(authority, "case", "list", "--erased")["items"]
    assert [(each["case_id"], each["erasures"][0]["reason"]) for each in again] == [
        (case_id, "Order of the court")
    ]
    assert sides.done(authority, "case", "list", "--erased", "--behind", case_id)["items"] == []
    for words in (("--erased", "--behind", "0" * 32), ("--behind", case_id)):
        assert sides.run(authority, "case", "list", *words).document["error"]["code"] == "bad-request"  # type: ignore[index] # it is one
    opened = sides.run(authority, "message", "open", pid, "--to", sides.by_id[authority].data.parent / "out")
    assert opened.code
    verified: Any = sides.done(authority, "ledger", "verify")
    assert verified["whole"]
    assert verified["erased"] > 0
    (other,) = (each for each in sides.by_id if each != authority)
    assert sides.case(other, case_id)["acts"]
    erased_by_two(sides, other, case_id)


def erased_by_two(sides: Sides, authority: str, case_id: str) -> None:
    """With an approver on record an order waits until another person confirms it."""
    server = sides.by_id[authority]
    staff = Staff(server)
    asyncio.run(hired(staff))

    def run(who: str, *words: str) -> Outcome:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("EMLA_TOKEN", staff.tokens[who])
            return sides.run(authority, "case", *words)

    erase = ("erase", case_id, "--yes", "--although-open", "--reason", "Order of the court")
    asked = run("walt", *erase)
    waits: Any = asked.document["waiting"]
    assert (asked.code, asked.document["orders"], len(waits)) == (0, [], 1)
    assert run("cara", *erase).document["error"]["code"] == "order-waits"  # type: ignore[index] # it is one
    approve = ("approve-erasure", case_id, "--yes")
    assert run("walt", *approve).document["error"]["code"] == "own-order"  # type: ignore[index] # it is one
    assert run("cara", *approve).document["error"]["code"] == "not-allowed"  # type: ignore[index] # it is one
    assert run("vera", "cancel-erasure", case_id).document["waiting"] == []
    assert run("vera", *approve).document["error"]["code"] == "order-decided"  # type: ignore[index] # it is one
    assert run("walt", *erase).code == 0
    orders: Any = run("vera", *approve).document["orders"]
    assert [(each["by"], each["approved_by"]) for each in orders] == [("walt", "vera")]


async def hired(staff: Staff) -> None:
    roles = {
        "kay": [PersonRole.KEY_CUSTODIAN],
        "cara": [PersonRole.CENTRAL_OFFICER],
        "vera": [PersonRole.APPROVER],
        "walt": [PersonRole.APPROVER, PersonRole.CENTRAL_OFFICER],
    }
    for name, wanted in roles.items():
        await staff.take(name, await staff.add(None if name == "kay" else "kay", name, wanted))
