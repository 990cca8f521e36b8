"""Row 84: two workers with one leg, and a process that is paused and goes on. The folder's lock is the lease (ADR 0008).

One process serves one folder, and the lock ends only with the process, so a late writer is one that is paused, not one that lost
its lease: nobody can have taken its place. A leg that moved on meanwhile is not moved a second time.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from emla.bootstrap.system import lock_folder
from emla.model.errors import ConfigurationError, IllegalTransitionError
from emla.model.leg import LegKind, LegState
from emla.ports.store import Transaction
from tests.support.authorities import party
from tests.support.gateways import opened
from tests.support.servers import ROOT, Server, running

CALL = [sys.executable, "-m", "emla", "serve", "--data"]


def second_start(server: Server) -> subprocess.CompletedProcess[str]:
    """Try to serve a folder that is served."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [*CALL, str(server.data)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_nobody_takes_the_place_of_a_process_that_is_paused_and_it_goes_on(tmp_path: Path) -> None:
    with running(tmp_path, "at.moj") as (server,):
        assert server.process is not None
        server.process.send_signal(signal.SIGSTOP)
        try:
            refused = second_start(server)
        finally:
            server.process.send_signal(signal.SIGCONT)
        assert refused.returncode == 1
        assert "already uses this data folder" in refused.stderr + refused.stdout
        server.wait_ready()
        assert second_start(server).returncode == 1
        server.kill()
        server.start()
        server.wait_ready()


def test_a_lock_is_taken_once_and_is_free_when_its_holder_is_gone(tmp_path: Path) -> None:
    with lock_folder(tmp_path), pytest.raises(ConfigurationError) as caught:
        lock_folder(tmp_path).close()
    assert caught.value.code == "server-running"
    lock_folder(tmp_path).close()


async def test_a_leg_that_moved_on_is_not_moved_by_whoever_comes_late(tmp_path: Path) -> None:
    async with opened(tmp_path / "data", party("at.moj")) as home:

        def insert(transaction: Transaction) -> int:
            return transaction.insert_leg(
                LegKind.ACKNOWLEDGEMENT, bytes(32), "de.bfj", urgent=False, created=1, expires=None
            )

        leg = await home.store.write(insert)
        await home.store.write(lambda each: each.move_leg(leg, LegState.READY, LegState.DONE))
        with pytest.raises(IllegalTransitionError):
            await home.store.write(lambda each: each.move_leg(leg, LegState.READY, LegState.DONE))
        # Nor is it put off: what failed after another attempt succeeded says nothing any more.
        await home.store.write(lambda each: each.delay_leg(leg, 7, 1e12, "timeout"))
        found = home.store.read.leg(leg)
        assert found is not None
        assert (found.state, found.attempts, found.last_code) == (LegState.DONE, 0, None)
