"""Blobs: visible only under their hash and only when whole; what crashes leave is tidied up, and nothing else."""

import errno
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from emla.model.errors import StoreError
from emla.store.files import FileBlobs, blobs_aside
from tests.support.gateways import leftovers
from tests.support.servers import ROOT

DATA = bytes(range(256)) * 1000
SHA256 = hashlib.sha256(DATA).digest()


@pytest.fixture
def blobs(tmp_path: Path) -> FileBlobs:
    return FileBlobs(tmp_path, os.urandom)


def keep(blobs: FileBlobs, data: bytes = DATA) -> Path:
    writer = blobs.begin()
    writer.write(data)
    return writer.keep(hashlib.sha256(data).digest())


def test_a_blob_is_not_visible_before_it_is_kept(blobs: FileBlobs, tmp_path: Path) -> None:
    writer = blobs.begin()
    for start in range(0, len(DATA), 1000):
        writer.write(memoryview(DATA)[start : start + 1000])
        assert not blobs.path(SHA256).exists()
    assert writer.keep(SHA256) == blobs.path(SHA256)
    assert blobs.path(SHA256).read_bytes() == DATA
    assert leftovers(tmp_path) == [blobs.path(SHA256)]
    writer.drop()
    assert blobs.path(SHA256).read_bytes() == DATA


def test_keeping_the_same_blob_twice_is_harmless(blobs: FileBlobs, tmp_path: Path) -> None:
    assert keep(blobs) == keep(blobs)
    assert leftovers(tmp_path) == [blobs.path(SHA256)]
    assert blobs.path(SHA256).read_bytes() == DATA
    assert blobs.kept == 2


def test_a_dropped_blob_leaves_nothing(blobs: FileBlobs, tmp_path: Path) -> None:
    writer = blobs.begin()
    writer.write(DATA)
    writer.drop()
    writer.drop()
    assert leftovers(tmp_path) == []


DAY = 86400


def age(path: Path, days: float) -> None:
    then = time.time() - days * DAY
    os.utime(path, (then, then))


def names(*paths: Path) -> Callable[[bytes], bool]:
    """Rows that name these blobs."""
    return lambda sha256: sha256.hex() in {path.name for path in paths}


def aside(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "blobs-aside").glob("*"))


def test_what_a_crash_leaves_is_tidied_up_and_what_a_row_points_to_stays(tmp_path: Path) -> None:
    first = FileBlobs(tmp_path, os.urandom)
    known, orphan, fresh = (keep(first, b"%d" % n * 100) for n in range(3))
    (tmp_path / "tmp" / os.urandom(16).hex()).write_bytes(b"half a payload")
    age(known, 2)
    age(orphan, 2)
    again = FileBlobs(tmp_path, os.urandom)
    assert again.sweep(names(known), names()) == 1
    assert sorted(leftovers(tmp_path)) == sorted([known, fresh])
    assert aside(tmp_path) == [orphan.name]


def test_what_the_wrong_database_does_not_name_comes_back_with_the_right_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Two years it has lain there, and its days aside begin when it is put aside."""
    blobs = FileBlobs(tmp_path, os.urandom)
    path = keep(blobs)
    age(path, 700)
    for _ in range(2):
        assert blobs.sweep(names(), names()) == 0
        assert not path.exists()
        assert blobs_aside(tmp_path) == 1
        assert [(each.message, each.__dict__["count"]) for each in caplog.records] == [("payloads aside", 1)]
        caplog.clear()
    age(tmp_path / "blobs-aside" / path.name, 29)
    assert blobs.sweep(names(), names()) == 0
    caplog.clear()
    assert blobs.sweep(names(path), names()) == 0
    assert path.read_bytes() == DATA
    assert blobs_aside(tmp_path) == 0
    assert caplog.records == []


def test_what_nobody_misses_for_thirty_days_goes(blobs: FileBlobs, tmp_path: Path) -> None:
    path = keep(blobs)
    age(path, 2)
    blobs.sweep(names(), names())
    age(tmp_path / "blobs-aside" / path.name, 31)
    assert blobs.sweep(names(), names()) == 1
    assert aside(tmp_path) == []
    assert blobs_aside(tmp_path / "elsewhere") == 0


def test_what_was_erased_goes_at_once_wherever_it_lies(blobs: FileBlobs, tmp_path: Path) -> None:
    here, put_aside, unnamed = (keep(blobs, b"%d" % n * 100) for n in range(3))
    for path in (put_aside, unnamed):
        age(path, 2)
    blobs.sweep(names(here), names())
    assert blobs.sweep(names(), names(here, put_aside)) == 2
    assert leftovers(tmp_path) == []
    assert aside(tmp_path) == [unnamed.name]
    # Of a draft that is erased no row is left: the erasure itself names it.
    blobs.erase(bytes.fromhex(unnamed.name))
    assert aside(tmp_path) == []


def test_what_a_disk_says_of_one_path_does_not_end_the_sweep(
    blobs: FileBlobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "tmp" / "emla-verify-1"
    folder.mkdir()
    broken, gone, swept = (tmp_path / "tmp" / name for name in ("broken", "gone", "swept"))
    stuck, moved = (keep(blobs, b"%d" % n * 100) for n in range(2))
    for path in (broken, gone, swept):
        path.touch()
    for path in (stuck, moved):
        age(path, 2)
    unlink, rename = os.unlink, os.rename

    def unlinks(path: Path) -> None:
        if path == broken:
            raise OSError(errno.EIO, "Input/output error")
        if path == gone:  # whoever made it removes it in this moment
            unlink(path)
        unlink(path)

    def renames(path: Path, target: Path) -> None:
        if path == stuck:
            raise OSError(errno.EIO, "Input/output error")
        rename(path, target)

    monkeypatch.setattr(os, "unlink", unlinks)
    monkeypatch.setattr(os, "rename", renames)
    assert blobs.sweep(names(), names()) == 1
    assert {path.name for path in (tmp_path / "tmp").iterdir()} == {"emla-verify-1", "broken"}
    assert aside(tmp_path) == [moved.name]
    said = sorted(each.__dict__["detail"] for each in caplog.records if each.message == "file not swept")
    assert said == [
        f"{stuck.parent.name}: Input/output error",
        "tmp: Input/output error",
        "tmp: Is a directory",
    ]


def test_a_stray_file_among_the_blobs_does_not_stop_the_sweep(blobs: FileBlobs, tmp_path: Path) -> None:
    path = keep(blobs)
    stray = path.with_name("core.1234")
    stray.write_bytes(b"not ours")
    os.utime(stray, (0, 0))
    (tmp_path / "blobs" / "lost+found").mkdir()
    assert blobs.sweep(names(path), names()) == 0
    assert stray.exists()
    assert path.exists()


def test_a_folder_that_is_gone_is_a_failed_store(blobs: FileBlobs, tmp_path: Path) -> None:
    (tmp_path / "tmp").rmdir()
    with pytest.raises(StoreError) as caught:
        blobs.begin()
    assert caught.value.code == "store-failed"


def test_space_is_told_in_bytes(blobs: FileBlobs) -> None:
    assert 0 < blobs.free_bytes() <= blobs.total_bytes()


_FULL = """
import hashlib, os, resource, sys
from pathlib import Path
from emla.model.errors import StoreError
from emla.store.files import FileBlobs
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
writer = FileBlobs(Path(sys.argv[1]), os.urandom).begin()
try:
    writer.write(bytes(60_000))
    writer.write(bytes(60_000))
except StoreError as error:
    writer.drop()
    print(error.code)
"""


def test_a_full_disk_is_named_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _FULL, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "disk-full"
    assert leftovers(tmp_path) == []
