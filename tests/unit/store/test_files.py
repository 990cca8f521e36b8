"""Blobs: visible only under their hash and only when whole; what crashes leave is swept, and nothing else."""

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from emla.model.errors import StoreError
from emla.store.files import FileBlobs
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


def test_what_a_crash_leaves_is_swept_and_what_a_row_points_to_stays(tmp_path: Path) -> None:
    first = FileBlobs(tmp_path, os.urandom)
    known, orphan, fresh = (keep(first, b"%d" % n * 100) for n in range(3))
    (tmp_path / "tmp" / os.urandom(16).hex()).write_bytes(b"half a payload")
    old = time.time() - 2 * 86400
    for path in (known, orphan):
        os.utime(path, (old, old))
    again = FileBlobs(tmp_path, os.urandom)
    assert again.sweep(lambda sha256: sha256.hex() == known.name) == 2
    assert sorted(leftovers(tmp_path)) == sorted([known, fresh])


def test_a_stray_file_among_the_blobs_does_not_stop_the_sweep(blobs: FileBlobs, tmp_path: Path) -> None:
    path = keep(blobs)
    stray = path.with_name("core.1234")
    stray.write_bytes(b"not ours")
    os.utime(stray, (0, 0))
    assert blobs.sweep(lambda sha256: True) == 0
    assert stray.exists()


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
