"""The tutorial does what it says: its commands are run, in order, in one shell, against real gateways."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.cli import short_folder
from tests.support.ports import free_port

ROOT = Path(__file__).parents[2]
TUTORIAL = ROOT / "docs" / "tutorial" / "first-exchange.md"

# What a person does between the lines: compare the fingerprint, and wait until the gateways listen.
PRELUDE = """
set -eum
digits() { emla card show "$1" --json | python -c 'import json, sys; print(json.load(sys.stdin)["fingerprint"])'; }
listening() { for _ in $(seq 100); do [ -S jp/emla.sock ] && [ -S nl/emla.sock ] && return; sleep 0.2; done; exit 9; }
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
"""


def _script() -> str:
    blocks = re.findall(r"^```sh\n(.*?)^```", TUTORIAL.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert len(blocks) >= 10
    script = "\n".join(blocks)
    ports = {port: str(free_port()) for port in ("8443", "8444", "9465")}
    assert all(port in script for port in ports)
    script = re.sub("|".join(ports), lambda found: ports[found[0]], script)
    script = f"export EMLA_STORE__DISK_FLOOR_BYTES=0\n{script}".replace(
        "emla serve --data jp ", f"EMLA_OPERATIONS__LISTEN_PORT={free_port()} emla serve --data jp "
    )
    script = re.sub(r"(?<=2>nl.log &\n)", "listening\n", script)
    return re.sub(
        r"^(emla peer import (\S+) .*)$", r'\1 --fingerprint "$(digits \2)"', script, flags=re.MULTILINE
    )


@pytest.mark.timeout(180)
def test_the_tutorials_commands_work_in_order() -> None:
    with short_folder() as folder:
        programs = folder / "bin"
        programs.mkdir()
        for name, words in (("emla", "-m emla"), ("python", "")):
            (programs / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {words} "$@"\n')
            (programs / name).chmod(0o755)
        done = subprocess.run(
            ["bash", "-c", PRELUDE + _script()],
            cwd=folder,
            env={"PATH": f"{programs}:/usr/bin:/bin", "PYTHONPATH": str(ROOT), "HOME": str(folder)},
            capture_output=True,
            text=True,
            check=False,
            timeout=150,
        )
        logs = "".join(path.read_text() for path in folder.glob("*.log"))
    assert done.returncode == 0, done.stdout + done.stderr + logs
    last = done.stdout.rsplit("Package", 1)[-1]
    for event in ("SubmissionAcceptance", "RelayAcceptance", "ContentConsignment", "ContentHandover"):
        assert event in last
