"""The archive inside a backup is a tar that every tar reads, and only the one spelling of it is taken."""

import io
import tarfile

import pytest

from emla.formats.archive import BLOCK_BYTES, END, Member, decode_block, encode_block, padding
from emla.model.errors import MalformedError

AT = 1_790_000_000
BLOB = f"blobs/ab/{'ab' * 32}"


@pytest.mark.parametrize("name", ["emla.db", "keys/seal-00.json", "tls/key.pem", BLOB])
def test_another_tar_reads_it(name: str) -> None:
    data = encode_block(Member(name=name, size=5), AT) + b"hello" + padding(5) + END
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as tar:
        (found,) = tar.getmembers()
        file = tar.extractfile(found)
        assert file is not None
        assert (found.name, found.mode, found.mtime, found.uid) == (name, 0o600, AT, 0)
        assert file.read() == b"hello"


@pytest.mark.parametrize("size", [0, 1, 511, 512, 8**11 - 1, 8**11, 100 * 1024**3])
def test_a_size_of_any_length_comes_back(size: int) -> None:
    block = encode_block(Member(name=BLOB, size=size), AT)
    assert len(block) == BLOCK_BYTES
    assert decode_block(block, AT) == Member(name=BLOB, size=size)
    assert tarfile.TarInfo.frombuf(block, "ascii", "strict").size == size


@pytest.mark.parametrize(
    "name",
    [
        "../emla.db",
        "/emla.db",
        "keys/../x",
        "keys/.hidden",
        "keys/a/b",
        "other",
        "blobs/ab/cd",
        "restored.json",
        "keys/" + "a" * 96,
        "",
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(MalformedError):
        encode_block(Member(name=name, size=1), AT)
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = 1, 0o600, AT
    with pytest.raises(MalformedError):
        decode_block(info.tobuf(tarfile.USTAR_FORMAT), AT)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.CHRTYPE])
def test_a_link_or_a_device_is_refused(kind: bytes) -> None:
    info = tarfile.TarInfo("emla.db")
    info.type, info.linkname, info.mtime, info.mode = kind, "keys/x", AT, 0o600
    with pytest.raises(MalformedError):
        decode_block(info.tobuf(tarfile.USTAR_FORMAT), AT)


@pytest.mark.parametrize("place", [0, 100, 124, 136, 148, 156, 157, 257, 329, 345, 511])
def test_a_changed_block_is_refused(place: int) -> None:
    block = bytearray(encode_block(Member(name="emla.db", size=5), AT))
    block[place] ^= 1
    with pytest.raises(MalformedError):
        decode_block(bytes(block), AT)
