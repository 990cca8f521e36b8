"""Deliveries in trouble at the command line, with a running gateway: held, released, closed by two officers; and quarantine."""

import asyncio
import http.client
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from emla.bootstrap import ceremony
from emla.bootstrap.audit import verify_ledger
from emla.transport.https import client_context
from tests.support import authorities
from tests.support.attacked import party_of
from tests.support.authorities import Package, Tampering, build
from tests.support.calls import body_of, eventually, post
from tests.support.cli import Outcome, emla, short_folder
from tests.support.gateways import rows, select
from tests.support.locking import QUICK
from tests.support.messages import make_template
from tests.support.servers import Server, make_server, started

TEMPLATE = make_template(sender="at.moj", recipient="de.bfj", attachment=b"annex " * 200)
REASON = "The court may withdraw the order."


class Desk:
    """AT's gateway, with two key officers; DE is known and cannot be reached."""

    def __init__(self, folder: Path, server: Server, other: Server) -> None:
        self.folder = folder
        self.server = server
        self.other = other

    def run(self, *words: str | Path) -> Outcome:
        return emla(*words, "--data", self.server.data)

    def done(self, *words: str | Path) -> dict[str, object]:
        outcome = self.run(*words, "--json")
        assert outcome.code == 0, outcome.out + outcome.err
        return outcome.document

    def speak(self, *words: str | Path, who: str) -> dict[str, object]:
        key, phrase = self.folder / f"{who}.json", self.folder / f"{who}.phrase"
        return self.done(*words, "--as", key, "--passphrase-file", phrase, "--yes")

    def refused(self, *words: str | Path, who: str) -> str:
        key, phrase = self.folder / f"{who}.json", self.folder / f"{who}.phrase"
        outcome = self.run(*words, "--as", key, "--passphrase-file", phrase, "--yes", "--json")
        assert outcome.code == 3, outcome.out + outcome.err
        error = outcome.document["error"]
        assert isinstance(error, dict)
        return str(error["code"])

    def appoint(self) -> None:
        public: list[str | Path] = []
        for who, name in (("anna", "Anna Berg"), ("ben", "Ben Roth")):
            phrase = self.folder / f"{who}.phrase"
            phrase.write_text(f"{who} walks by the river")
            phrase.chmod(0o600)
            key = self.folder / f"{who}.json"
            self.done("keys", "new", key, "--officer", name, "--passphrase-file", phrase)
            public += ["--officer", self.folder / f"{who}.pub.json"]
        change = change_of(self.speak("card", "propose", *public, who="anna"))
        self.speak("card", "approve", change, who="ben")
        self.done("card", "publish", change, "--yes")

    def send(self) -> str:
        """A message that waits, because its recipient is away."""

        async def work() -> str:
            status, body = await post(self.server, body_of(TEMPLATE))
            assert status == 201
            pid = str(body["pid"])
            await eventually(lambda: attempts(self.server, pid) > 0)
            return pid

        return asyncio.run(work())

    async def receive_what_cannot_be_opened(self) -> str:
        """A package of DE's whose manifest names somebody else."""
        recipient, sender = party_of(self.server), party_of(self.other)
        package = build(sender, recipient, tampering=Tampering(manifest={"to": ["hk.doj"]}))
        answer = await asyncio.to_thread(offer, self.server, package)
        assert answer == 200
        await eventually(lambda: state_of(self.server, package.pid) == "QUARANTINED")
        return package.pid.hex()

    def server_rows(self) -> dict[str, int]:
        """What is stored, but for attempts."""
        return rows(self.server.data)

    def messages(self, *words: str) -> list[dict[str, object]]:
        items = self.done("message", "list", *words)["items"]
        assert isinstance(items, list)
        return items

    def leg_of(self, pid: str) -> dict[str, object]:
        (found,) = (each for each in self.legs() if each["ref"] == pid)
        return found

    def legs(self, *words: str) -> list[dict[str, object]]:
        items = self.done("leg", "list", *words)["items"]
        assert isinstance(items, list)
        return items


def attempts(server: Server, pid: str) -> int:
    return int(str(select(server.data, "SELECT attempts FROM leg WHERE ref = ?", bytes.fromhex(pid))[0][0]))


def state_of(server: Server, pid: bytes) -> str:
    return str(
        select(server.data, "SELECT state FROM inbox, received WHERE id = received AND pid = ?", pid)[0][0]
    )


def offer(server: Server, package: Package) -> int:
    """Offer a package as a peer's gateway does; the status."""
    connection = http.client.HTTPSConnection("127.0.0.1", server.port, context=client_context(), timeout=30)
    try:
        body = len(package.signed).to_bytes(4, "big") + package.signed + package.payload
        connection.request("PUT", f"/emla/1/packages/{package.pid.hex()}", body)
        return connection.getresponse().status
    finally:
        connection.close()


def change_of(document: dict[str, object]) -> str:
    changes = document["changes"]
    assert isinstance(changes, list)
    return str(changes[0]["change"])


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(ceremony, "Work", lambda: QUICK)
    monkeypatch.setattr(authorities, "NOW", int(time.time()) - 60)
    with short_folder() as folder:
        at, de = make_server(folder, "at.moj"), make_server(folder, "de.bfj")
        with started(at, de):
            assert de.stop() == 0
            yield Desk(folder, at, de)


def test_a_delivery_is_held_shown_released_and_closed_by_two_officers(desk: Desk) -> None:
    desk.appoint()
    pid = desk.send()
    leg = str(desk.leg_of(pid)["id"])
    assert desk.done("leg", "hold", leg, "--reason", REASON, "--dry-run")["dry_run"] is True
    assert desk.leg_of(pid)["state"] == "READY"
    held = desk.done("leg", "hold", leg, "--reason", REASON)
    assert (held["state"], held["reason"], held["detail"]) == ("HELD", "held", REASON)
    (dead,) = desk.legs("--dead")
    assert (dead["id"], dead["owner"]) == (leg, "your operator")
    assert desk.legs("--overdue") == []
    shown = desk.run("leg", "show", leg)
    assert REASON in shown.out
    assert "held back here" in shown.out
    assert REASON in desk.run("message", "show", pid[:12]).out
    assert desk.done("leg", "release", "--peer", "de.bfj", "--dry-run")["dry_run"] is True
    released = desk.done("leg", "release", leg)["items"]
    assert isinstance(released, list)
    assert released[0]["state"] == "READY"

    # One officer proposes, the other reads what it is about; their word carries it out.
    change = change_of(desk.speak("leg", "close", leg, "--reason", REASON, who="anna"))
    assert desk.refused("card", "approve", change, who="anna") == "same-officer"
    assert desk.leg_of(pid)["state"] == "READY"
    waiting = desk.run("card", "show")
    assert "Give up sending a package" in waiting.out
    key, phrase = desk.folder / "ben.json", desk.folder / "ben.phrase"
    approved = desk.run("card", "approve", change, "--as", key, "--passphrase-file", phrase, "--yes")
    assert approved.code == 0, approved.err
    for words in ("Give up sending a package", "de.bfj", REASON, "Anna Berg", "carried out"):
        assert words in approved.out
    closed = desk.leg_of(pid)
    assert (closed["state"], closed["reason"], closed["owner"]) == (
        "EXPIRED",
        "closed",
        "the officer who sends",
    )
    assert desk.refused("leg", "close", leg, "--reason", REASON, who="anna") == "wrong-state"
    assert verify_ledger(desk.server.data).problems == ()


def test_bad_input_changes_nothing_and_says_what_to_do(desk: Desk) -> None:
    pid = desk.send()
    leg = str(desk.leg_of(pid)["id"])
    before = desk.server_rows()
    for words, code in (
        (("leg", "hold", leg, "--reason", " "), 2),
        (("leg", "hold", leg, "--reason", "a\nb"), 2),
        (("leg", "hold", "9999", "--reason", REASON), 1),
        (("leg", "release", "9999"), 1),
        (("leg", "release"), 2),
        (("leg", "release", leg, "--peer", "de.bfj"), 2),
        (("leg", "show", "x"), 2),
        (("leg", "list", "--state", "LOST"), 2),
        (("message", "release", pid), 1),
        (("message", "close", pid, "--reason", REASON, "--as", "nobody.json"), 2),
    ):
        outcome = desk.run(*words)
        assert outcome.code == code, (words, outcome.out, outcome.err)
        assert outcome.err.strip()
    # Without officers there is no act, and the way to them is said.
    refused = desk.run("leg", "close", leg, "--reason", REASON, "--as", desk.folder / "anna.json", "--yes")
    assert refused.code == 3
    assert "emla card propose --officer" in refused.err
    assert desk.server_rows() == before


def test_a_package_in_quarantine_is_listed_released_and_closed(desk: Desk) -> None:
    desk.appoint()
    # The opener of this server finds a fault in what a peer sent: here, that it is for somebody else.
    pid = asyncio.run(desk.receive_what_cannot_be_opened())
    (listed,) = desk.messages("--quarantined")
    assert (listed["pid"], listed["state"], listed["code"]) == (pid, "QUARANTINED", "manifest-mismatch")
    assert "manifest-mismatch" in desk.run("message", "list", "--quarantined").out
    assert desk.done("message", "release", pid, "--dry-run")["dry_run"] is True
    desk.done("message", "release", pid)
    asyncio.run(eventually(lambda: state_of(desk.server, bytes.fromhex(pid)) == "QUARANTINED"))
    change = change_of(desk.speak("message", "close", pid, "--reason", "It was sent anew.", who="anna"))
    desk.speak("card", "approve", change, who="ben")
    assert desk.messages("--quarantined") == []
    assert desk.done("message", "show", pid)["state"] == "CLOSED"
    assert verify_ledger(desk.server.data).problems == ()
