"""`emla demo --hub` ends as it should, and the search at its end would have found what it looks for."""

import base64
import subprocess
import sys
from pathlib import Path

import pytest

from emla.bootstrap.demo_search import found_in, search_for
from tests.support.servers import ROOT

pytestmark = pytest.mark.xdist_group("processes")


def test_the_demo_with_a_hub_delivers_and_finds_nothing_on_the_hubs_disk() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "emla", "demo", "--hub"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    for words in (
        "refused with 3 errors",
        "HubAcceptance by eu.hub",
        "digest-mismatch",
        "none of them is anywhere",
        "all 5",
    ):
        assert words in ended.stdout


def test_the_search_finds_every_spelling_and_nothing_public(tmp_path: Path) -> None:
    sample = ROOT / "schemas" / "samples" / "S01"
    message = sample / "mla-request.xml"
    attachment = sample / "court-order.en.pdf"
    search = search_for(message, [attachment], [b"the Ministry of Justice is known to everybody"])
    assert b"Ministry of Justice" not in search.texts
    assert attachment.name.encode() in search.texts
    assert found_in(tmp_path, search) == (0, [])
    longest = max(search.texts, key=len)
    for name, spelled in {
        "plain": longest,
        "encoded": base64.urlsafe_b64encode(b"xy" + longest + b"z"),
        "hex": longest.hex().encode(),
        "part": attachment.read_bytes()[-48:],
    }.items():
        (tmp_path / name).write_bytes(bytes(10) + spelled + bytes(10))
    found = found_in(tmp_path, search)[1]
    assert {each.rpartition(" in ")[2] for each in found} == {"plain", "encoded", "hex", "part"}
