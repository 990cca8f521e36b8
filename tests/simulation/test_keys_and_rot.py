"""Runs in which a key changes or a payload rots: what must come of it, and that the judgement sees it when it does not."""

import errno
import random
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from emla.flow.documents.changes import Changes
from emla.flow.documents.reseal import Reseal
from emla.flow.line import deliver
from emla.store.sqlite import schema
from tests.simulation import key_officers
from tests.simulation.house import house
from tests.simulation.node import Node
from tests.simulation.options import AS_ASKED, KeyChange, Kind, Options, Rot, Window
from tests.simulation.rot import Rotten
from tests.simulation.run import run_options
from tests.simulation.scenes import calm_options, message, messages_between
from tests.simulation.storage import Disk
from tests.support.ceremony import new_key

SENDER, RECIPIENT = "at.moj", "jp.moj"
CUT = tuple(
    Window(source=a, target=b, begin=0.0, end=60.0) for a, b in ((SENDER, RECIPIENT), (RECIPIENT, SENDER))
)


def revoked_under_way() -> Options:
    """Two packages cannot get through; meanwhile the key that they are sealed to is revoked."""
    change = KeyChange(node=RECIPIENT, at=10.0, use="seal", revoke=True)
    return replace(
        calm_options(Kind.LINE),
        planned=messages_between(SENDER, RECIPIENT, 2),
        changes=(change,),
        windows=CUT,
        safety_seconds=120.0,
    )


def test_what_is_under_way_when_its_key_is_revoked_arrives_under_the_next_one() -> None:
    ran = run_options(revoked_under_way())
    assert ran.found == ""
    assert ran.counts.edges["leg READY REPLACED"] == 2
    assert ran.counts.edges["inbox ACCEPTED CONSIGNED"] == 2


def test_a_sender_that_does_not_seal_anew_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing(self: Reseal, peer: str) -> int:
        return 0

    monkeypatch.setattr(Reseal, "__call__", nothing)
    assert "not quiet" in run_options(revoked_under_way()).found


def test_what_was_not_seen_when_the_revocation_came_is_sealed_anew_when_the_relay_meets_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """K5 after K4 finds nothing, as if the packages were committed or released a moment later."""
    look = Reseal.__call__

    async def later(self: Reseal, peer: str) -> int:
        return await look(self, peer) if peer in self._put_off else 0

    monkeypatch.setattr(Reseal, "__call__", later)
    ran = run_options(replace(revoked_under_way(), safety_seconds=300.0))
    assert ran.found == ""
    assert ran.counts.edges["leg READY REPLACED"] == 2


def test_a_card_that_one_officer_alone_decided_about_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def alone(self: Changes, sha256: bytes) -> object:
        return self.one(sha256)

    async def unheard(self: Changes, sha256: bytes, approval: bytes) -> object:
        return self.one(sha256)

    house(hub=False)  # is built once in a process: with officers who agree
    monkeypatch.setattr(Changes, "_approved", alone)
    monkeypatch.setattr(Changes, "approve", unheard)
    assert "[26]" in run_options(revoked_under_way()).found


@pytest.mark.parametrize(("said", "is_found"), [(AS_ASKED, False), ("nobody asked for this", True)])
def test_officers_whose_machine_loses_its_power_begin_again_and_no_other_failure_is_overlooked(
    monkeypatch: pytest.MonkeyPatch, said: str, *, is_found: bool
) -> None:
    failures = [OSError(errno.EIO, said)]

    def made(*args: Any) -> Any:
        if failures:
            raise failures.pop()
        return new_key(*args)

    monkeypatch.setattr(key_officers, "new_key", made)
    ran = run_options(revoked_under_way())
    assert ran.found == (f"OSError: [Errno {errno.EIO}] {said}" if is_found else "")


def rotten(*, gone: bool) -> Options:
    """A large package cannot get through; meanwhile its payload rots, and is put back a minute after the line is open."""
    rot = Rot(node=SENDER, at=20.0, received=False, gone=gone, mended_after=100.0)
    return replace(
        calm_options(Kind.LINE),
        planned=(message(SENDER, RECIPIENT, large=True),),
        rot=(rot,),
        windows=CUT,
        safety_seconds=180.0,
    )


@pytest.mark.parametrize("gone", [False, True])
def test_a_payload_that_rots_waits_and_arrives_when_it_was_put_back(*, gone: bool) -> None:
    ran = run_options(rotten(gone=gone))
    assert ran.found == ""
    assert ran.counts.weather["rot"] == 1
    assert ran.counts.codes["payload-damaged"] >= 1
    assert ran.counts.edges["inbox ACCEPTED CONSIGNED"] == 1


def test_a_sender_that_does_not_look_at_its_own_disk_costs_only_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The recipient refuses what does not fit; the safeguard says whose trouble it is, and the package arrives either way."""

    async def whole(*_: object) -> bool:
        return True

    monkeypatch.setattr(deliver, "is_whole", whole)
    ran = run_options(rotten(gone=False))
    assert ran.counts.codes["payload-damaged"] == 0
    assert ran.counts.codes["digest-mismatch"] >= 1


def test_nothing_rots_through_a_connection_that_an_ending_process_has_closed(tmp_path: Path) -> None:
    rot = Rot(node=SENDER, at=20.0, received=False, gone=True, mended_after=100.0)
    disk = Disk(tmp_path, random.Random(1))
    with disk.in_place():
        closed = schema.connect_writer(tmp_path / "x.db")
        closed.close()
        node = cast(Node, SimpleNamespace(store=SimpleNamespace(_connection=closed)))
        assert not Rotten(random.Random(1)).spoil(rot, node)
