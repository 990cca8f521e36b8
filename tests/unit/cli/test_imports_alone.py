"""Each family of commands imports whatever it needs: where nothing of ours was imported before, it can be."""

import subprocess
import sys
from pathlib import Path

from emla.cli.app import FAMILIES

ROOT = Path(__file__).parents[3]
# One process imports what others wrote, for that takes most of the time, and forks for each module of ours.
PROGRAM = """
import importlib, os, sys, traceback
for name in ("aiohttp.web", "click", "cryptography.x509", "lxml.etree", "msgspec.json", "nacl.signing", "rich.table"):
    importlib.import_module(name)
assert not [each for each in sys.modules if each.partition(".")[0] == "emla"]
for name in sys.argv[1:]:
    if os.fork() == 0:
        try:
            importlib.import_module(name)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    _, status = os.wait()
    if status:
        print(name)
"""


def test_every_family_of_commands_can_be_the_first_that_is_imported() -> None:
    targets = sorted({f"emla.cli.{entry.target.partition(':')[0]}" for entry in FAMILIES.values()})
    assert len(targets) > 20
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *targets],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert done.stdout == "", done.stderr
