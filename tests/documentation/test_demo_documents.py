"""The documents of keys/demo hold together, are what a reader is told, and no file below keys/ holds a private key."""

import json
from pathlib import Path

import pytest

from emla.formats import export
from emla.model.signed import PayloadType
from emla.steps.trust import check_current, trust_documents
from tests.support.cli import emla

KEYS = Path(__file__).parents[2] / "keys"
AUTHORITIES = ("xa.moj", "xu.moj")
MADE_AT = 1_795_680_000
KINDS = {
    "root.json": PayloadType.ROOT,
    "card.json": PayloadType.CARD,
    "profile.json": PayloadType.PROFILE,
    "status.json": PayloadType.STATUS,
}


def test_the_demo_is_two_authorities() -> None:
    assert sorted(each.name for each in (KEYS / "demo").iterdir()) == list(AUTHORITIES)


@pytest.mark.parametrize("authority", AUTHORITIES)
def test_the_documents_of_the_demo_verify_against_each_other(authority: str) -> None:
    documents = export.decode_export((KEYS / "demo" / authority / "documents.json").read_bytes())
    trusted = trust_documents(documents)
    check_current(trusted, MADE_AT)
    assert (trusted.id, trusted.root.threshold, len(trusted.root.keys)) == (authority, 2, 3)
    assert trusted.status is not None


@pytest.mark.parametrize("authority", AUTHORITIES)
def test_each_file_is_what_its_name_says_and_the_export_holds_the_same_bytes(authority: str) -> None:
    folder = KEYS / "demo" / authority
    documents = export.decode_export((folder / "documents.json").read_bytes())
    held = {
        "root.json": documents.roots[0],
        "card.json": documents.card,
        "profile.json": documents.profile,
        "status.json": documents.status,
    }
    for name, kind in KINDS.items():
        assert held[name] == (folder / name).read_bytes()
        assert json.loads(held[name] or b"")["payloadType"] == kind


def test_the_command_of_the_page_shows_a_card_of_the_demo() -> None:
    shown = emla("card", "show", KEYS / "demo" / "xa.moj" / "documents.json", "--json")
    assert shown.document["names"] == {"en": "Ministry of Justice of Arcadia"}


def test_no_file_below_keys_holds_a_private_key() -> None:
    # What a key file of ours would have (`emla.keyring.key_file`, `emla.keyring.media`), and what others' have.
    signs = ('"seed"', '"wrapped"', '"box"', '"token"', "PRIVATE KEY")
    files = [
        each for each in KEYS.rglob("*") if each.is_file() and each.suffix in (".json", ".pem", ".key", "")
    ]
    assert files
    found = {each.name: sign for each in files for sign in signs if sign in each.read_text(encoding="utf-8")}
    assert found == {}
