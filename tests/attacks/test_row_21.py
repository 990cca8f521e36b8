r"""Row 21. Part name "../../x", "C:\x", NUL, RTL override, 10 kB.

Expected: sanitised display name; never used as path.
"""

import unicodedata
from pathlib import PurePosixPath, PureWindowsPath

import pytest

from emla.formats import manifest
from tests.support.authorities import Tampering, build, party
from tests.support.receiving import receive

AT, DE = party("at.moj"), party("de.bfj")
HOSTILE = {
    "../../x": "_.._x",
    "/etc/passwd": "_etc_passwd",
    "C:\\x": "C__x",
    "..": "unnamed",
    "": "unnamed",
    " \t ": "unnamed",
    "a\x00b": "ab",
    "gnp.\u202etxt.exe": "gnp.txt.exe",
    "\u2066a\u2069": "a",
    "line\u2028two": "linetwo",
    "\x1b[31mred": "[31mred",
    ". .hidden": "hidden",
    " . . .x": "x",
    "\ufeffx": "x",
    "e\u200d\u0301": "\u00e9",
    "e\u0301": "\u00e9",
    "x" * 10_000: "x" * 120,
    "a" * 119 + " b": "a" * 119,
}


@pytest.mark.parametrize(("raw", "shown"), HOSTILE.items(), ids=range(len(HOSTILE)))
def test_a_hostile_name_arrives_and_is_shown_cleaned(raw: str, shown: str) -> None:
    opened = receive(build(AT, DE, tampering=Tampering(manifest={"parts.1.name": raw})), DE, AT)
    assert not isinstance(opened, str)
    assert manifest.display_name(opened.manifest.parts[1].name) == shown


@pytest.mark.parametrize("raw", [*HOSTILE, "\u0300\u0316" * 8000])
def test_a_shown_name_is_one_plain_component_and_cleaning_it_again_changes_nothing(raw: str) -> None:
    shown = manifest.display_name(raw)
    assert 0 < len(shown) <= manifest.NAME_CHARACTERS_MAX
    assert manifest.display_name(shown) == shown
    assert unicodedata.is_normalized("NFC", shown)
    for path in (PurePosixPath(shown), PureWindowsPath(shown)):
        assert path.name == shown
        assert path.parts == (shown,)


def test_a_name_longer_than_a_name_may_be_is_refused_whole() -> None:
    package = build(AT, DE, tampering=Tampering(manifest={"parts.1.name": "x" * 20_000}))
    assert receive(package, DE, AT) == "manifest-mismatch"
