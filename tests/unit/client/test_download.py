"""File names from outside become harmless names inside one folder."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emla.client.download import NAME_BYTES_MAX, safe_name


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("order.pdf", "order.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\order.pdf", "order.pdf"),
        ("..", "part-1"),
        ("", "part-1"),
        (".bashrc", "bashrc"),
        ("a\x1b[2Jb.pdf", "a[2Jb.pdf"),
        ("gpj\u202e.exe", "gpj.exe"),
        ("裁判所命令.pdf", "裁判所命令.pdf"),
        ("a\nb", "ab"),
        ("what?.pdf", "what_.pdf"),
    ],
)
def test_a_display_name_becomes_a_harmless_file_name(name: str, safe: str) -> None:
    assert safe_name(name, "part-1") == safe


def test_a_long_name_keeps_its_ending() -> None:
    name = safe_name("é" * 300 + ".pdf", "part-1")
    assert name.endswith("é.pdf")
    assert len(name.encode()) <= NAME_BYTES_MAX


@given(st.text())
def test_whatever_comes_in_the_name_stays_in_its_folder_and_fits(name: str) -> None:
    safe = safe_name(name, "part-1")
    assert safe not in ("", ".", "..")
    assert "/" not in safe
    assert "\x00" not in safe
    assert not safe.startswith(".")
    assert 0 < len(safe.encode()) <= NAME_BYTES_MAX
