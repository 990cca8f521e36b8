"""Runs the command line as a user does, against a fake server that lives in a thread of its own."""

import asyncio
import io
import json
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from emla.bootstrap.initialise import About, Initialised, initialise
from emla.cli.app import run
from emla.model.requirements import NOTHING, Electronic, Requirements
from tests.support.fake_authority_api import FakeAuthority, serving

NOW = 1_790_000_000


@dataclass(frozen=True)
class Outcome:
    """What a run left behind."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, object]:
        """Standard output as the one JSON document it must be."""
        value = json.loads(self.out)
        assert isinstance(value, dict)
        return value


def emla(*words: str | Path) -> Outcome:
    """Run `emla` in this process, without a terminal."""
    raw, err = io.BytesIO(), io.StringIO()
    out = io.TextIOWrapper(raw, "utf-8")
    with redirect_stdout(out), redirect_stderr(err):
        code = run([str(word) for word in words])
    out.flush()
    return Outcome(code, raw.getvalue().decode(), err.getvalue())


def make_authority(
    folder: Path,
    authority: str = "nl.minjus",
    *,
    now: int = NOW,
    requirements: Requirements = NOTHING,
    electronic: Electronic = Electronic.ALL,
) -> Initialised:
    """A real authority, as `emla init` makes it."""
    return initialise(
        folder,
        About(
            authority=authority,
            names=(("en", f"Ministry of {authority}"),),
            endpoint_url="https://localhost:8443",
            country=authority[:2].upper(),
            contacts=(("telephone", "+31 70 555 0100"),),
            languages=("en",),
            time_zone="UTC",
            office_hours="Mon-Fri 9-17",
            requirements=requirements,
            electronic_acceptance=electronic,
        ),
        now=now,
    )


@contextmanager
def short_folder() -> Iterator[Path]:
    """A folder whose path is short enough for a socket in it."""
    with tempfile.TemporaryDirectory(prefix="emla-") as folder:
        yield Path(folder)


@contextmanager
def fake_server(data: Path, state: FakeAuthority | None = None) -> Iterator[FakeAuthority]:
    """A fake server on the socket of a data folder, in a thread, for as long as the block lasts."""
    state = state or FakeAuthority()
    started, loop = threading.Event(), asyncio.new_event_loop()
    finished = asyncio.Event()

    async def serve() -> None:
        async with serving(state, data / "emla.sock"):
            started.set()
            await finished.wait()

    def work() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(serve())

    thread = threading.Thread(target=work)
    thread.start()
    try:
        assert started.wait(10)
        yield state
    finally:
        loop.call_soon_threadsafe(finished.set)
        thread.join(10)


def loaded_modules(*words: str) -> set[str]:
    """The top-level modules that a fresh interpreter has loaded after one command."""
    import subprocess

    script = (
        "import sys; from emla.cli.app import run; run(sys.argv[1:]); "
        "print('\\n'.join(sorted({name.split('.')[0] for name in sys.modules})), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *words], capture_output=True, text=True, check=True, env=os.environ
    )
    return set(done.stderr.split())
