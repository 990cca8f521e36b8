"""Landlock by itself: one folder is shut, and nothing is written but where it may be."""

import subprocess
import sys
from pathlib import Path

from emla.sandbox import landlock

CONFINED = """
import os, sys
from pathlib import Path
from emla.sandbox.landlock import confine_files
assert confine_files(Path(sys.argv[1]), (Path(sys.argv[2]), Path("/dev/null")))
os.execv("/bin/sh", ["sh", "-c", sys.argv[3]])
"""


def run(closed: Path, place: Path, script: str) -> tuple[int, str]:
    """Run a script in a process that is confined."""
    words = [sys.executable, "-c", CONFINED, str(closed), str(place), script]
    ended = subprocess.run(words, capture_output=True, text=True, check=False)
    return ended.returncode, ended.stdout + ended.stderr


def test_a_folder_is_shut_by_every_way_and_all_beside_it_is_read(tmp_path: Path) -> None:
    assert landlock.version() > 0
    closed, place = tmp_path / "closed", tmp_path / "place"
    (closed / "deep").mkdir(parents=True)
    place.mkdir()
    (closed / "deep" / "key").write_text("secret")
    (tmp_path / "beside").write_text("not secret")
    (tmp_path / "link").symlink_to(closed)
    (tmp_path / "other").symlink_to(closed / "deep" / "key")
    ways = [closed / "deep" / "key", tmp_path / "link" / "deep" / "key", tmp_path / "other"]
    ways += [closed / "deep" / ".." / "deep" / "key"]
    for way in ways:
        code, said = run(closed, place, f"cat {way}")
        assert code != 0
        assert "secret" not in said.replace(str(way), "")
    assert run(closed, place, f"ls {closed}")[0] != 0
    assert run(closed, place, f"cat {tmp_path}/beside") == (0, "not secret")


def test_nothing_is_written_but_in_the_place(tmp_path: Path) -> None:
    closed, place = tmp_path / "closed", tmp_path / "place"
    closed.mkdir()
    place.mkdir()
    file = tmp_path / "file"
    file.write_text("x")
    for words in (
        f"echo y > {file}",
        f"rm {file}",
        f"mv {file} {place}",
        f"mkdir {tmp_path}/new",
        f"ln {file} {place}/l",
    ):
        assert run(closed, place, words)[0] != 0, words
    assert file.read_text() == "x"
    assert run(closed, place, f"mkdir {place}/new && echo y > {place}/new/f && rm -r {place}/new")[0] == 0
