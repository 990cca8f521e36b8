"""`emla leg` against a real socket: what waits, what is put aside, and what a dry run leaves alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from emla.cli.wording import NOT_ACCEPTANCE
from tests.support.cli import emla, fake_server, make_authority, short_folder
from tests.support.fake_authority_api import FakeAuthority, leg


@pytest.fixture
def data() -> Iterator[Path]:
    with short_folder() as folder:
        make_authority(folder / "jp", "jp.moj")
        yield folder / "jp"


@pytest.fixture
def server(data: Path) -> Iterator[FakeAuthority]:
    with fake_server(data) as state:
        yield state


def state_of(server: FakeAuthority) -> str:
    return str(server.legs[0]["state"])


def test_legs_are_listed_and_tried_again_unless_it_is_a_dry_run(server: FakeAuthority, data: Path) -> None:
    server.legs = [leg(17), leg(18, "HELD")]
    assert "nothing to try" in emla("leg", "retry", "18", "--data", data).err
    server.legs = [leg(17), leg(18, "HELD")]
    listed = emla("leg", "list", "--state", "held", "--json", "--data", data).document["items"]
    assert isinstance(listed, list)
    assert [each["id"] for each in listed] == ["18"]
    assert emla("leg", "retry", "17", "--dry-run", "--data", data).code == 0
    assert [each["attempts"] for each in server.legs] == [2, 2]
    assert emla("leg", "retry", "17", "--data", data).code == 0
    assert [each["attempts"] for each in server.legs] == [3, 2]
    assert emla("leg", "retry", "9", "--data", data).code == 1
    assert emla("leg", "retry", "9", "--dry-run", "--data", data).code == 1


def test_a_leg_is_held_with_a_reason_shown_and_released(server: FakeAuthority, data: Path) -> None:
    server.legs = [leg(17), leg(18)]
    reason = "The court may withdraw the order."
    assert emla("leg", "hold", "17", "--data", data).code == 2  # nobody holds anything without saying why
    assert emla("leg", "hold", "17", "--reason", reason, "--dry-run", "--data", data).code == 0
    assert state_of(server) == "READY"
    held = emla("leg", "hold", "17", "--reason", reason, "--data", data)
    assert held.code == 0
    assert reason in held.out
    shown = emla("leg", "show", "17", "--json", "--data", data).document
    assert (shown["state"], shown["detail"], shown["owner"]) == ("HELD", reason, "your operator")
    dead = emla("leg", "list", "--dead", "--data", data)
    assert "your operator" in dead.out
    assert "18" not in dead.out.split()
    assert emla("leg", "release", "18", "--data", data).code == 3
    assert emla("leg", "release", "--data", data).code == 2
    assert emla("leg", "release", "17", "--dry-run", "--data", data).code == 0
    assert state_of(server) == "HELD"
    assert emla("leg", "release", "17", "--data", data).code == 0
    assert state_of(server) == "READY"
    assert "is held" in emla("leg", "release", "--peer", "fr.justice", "--data", data).err


def test_overdue_legs_are_marked_and_listed_alone(server: FakeAuthority, data: Path) -> None:
    server.legs = [leg(17) | {"overdue": True}, leg(18)]
    shown = emla("leg", "list", "--data", data)
    assert "(overdue)" in shown.out
    assert NOT_ACCEPTANCE in shown.err
    assert NOT_ACCEPTANCE in emla("leg", "show", "17", "--data", data).err
    items = emla("leg", "list", "--overdue", "--json", "--data", data).document["items"]
    assert isinstance(items, list)
    assert [each["id"] for each in items] == ["17"]


def test_an_acknowledgement_is_not_closed(server: FakeAuthority, data: Path) -> None:
    server.legs = [leg(17) | {"kind": "acknowledgement"}]
    outcome = emla("leg", "close", "17", "--reason", "Over.", "--as", data / "anna.json", "--data", data)
    assert outcome.code == 2
    assert "held, not closed" in outcome.err
