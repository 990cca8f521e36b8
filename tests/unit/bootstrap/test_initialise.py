"""`initialise` makes a whole authority that a peer would trust, or nothing at all."""

import os
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import TypedDict

import pytest

from emla.bootstrap import initialise as subject
from emla.bootstrap.initialise import About, Initialised, initialise
from emla.formats import export
from emla.keyring.files import GATEWAY_USES, OPENER_USES, FileUse, read_key, read_keys
from emla.keyring.tls import check_tls
from emla.model.documents import KeyUse
from emla.model.errors import ConfigurationError
from emla.model.settings import OpenerSettings, OperationsSettings, PeerSettings, StoreSettings
from emla.steps.trust import check_current, trust_documents

NOW = 1_790_000_000
DAY = 86400


class _Facts(TypedDict):
    authority: str
    names: tuple[tuple[str, str], ...]
    endpoint_url: str
    country: str
    contacts: tuple[tuple[str, str], ...]
    languages: tuple[str, ...]
    time_zone: str
    office_hours: str


FACTS = _Facts(
    authority="at.moj",
    names=(("de", "Bundesministerium für Justiz"), ("en", "Federal Ministry of Justice")),
    endpoint_url="https://gateway.example:8443/emla",
    country="AT",
    contacts=(("telephone", "+43 1 0000"), ("poc247", "+43 1 0001")),
    languages=("de", "en"),
    time_zone="Europe/Vienna",
    office_hours="Mon-Fri 08:00-16:00",
)


def make(data: Path) -> Initialised:
    return initialise(data, About(**FACTS), now=NOW)


def test_a_peer_trusts_what_was_made(tmp_path: Path) -> None:
    made = make(tmp_path / "data")
    trusted = trust_documents(export.decode_export(made.documents.read_bytes()))
    check_current(trusted, NOW)
    assert trusted == made.authority
    assert trusted.profile.names == FACTS["names"]
    assert len(made.fingerprint.split()) == 12


def test_documents_live_as_long_as_the_protocol_allows_and_keys_outlive_the_card_where_they_must(
    tmp_path: Path,
) -> None:
    made = make(tmp_path / "data").authority
    assert 390 * DAY < made.card.expires - NOW <= 400 * DAY
    assert made.root.expires - NOW == 730 * DAY
    (seal,) = made.keys(KeyUse.SEAL)
    assert seal.not_after - NOW == 395 * DAY
    assert made.newest(KeyUse.SIGN, NOW - 300) is not None, "a clock set back within the skew still signs"


def test_the_processes_find_their_keys_and_the_card_names_them(tmp_path: Path) -> None:
    data = tmp_path / "data"
    made = make(data).authority
    gateway, opener = read_keys(data / "keys", GATEWAY_USES), read_keys(data / "keys", OPENER_USES)
    for use, file_use in ((KeyUse.SIGN, FileUse.SIGN), (KeyUse.LEDGER, FileUse.LEDGER)):
        (key,) = made.keys(use)
        assert gateway.signer(file_use, key.kid).public == key.public
    (seal,) = made.keys(KeyUse.SEAL)
    private = opener.sealing_key(seal.kid)
    assert private is not None
    assert private.public == seal.public
    assert gateway.content_key == opener.content_key
    assert made.card.endpoints[0].spki_sha256 == check_tls(data / "tls").spki_sha256


def test_the_root_key_lies_apart_with_words_on_what_to_do(tmp_path: Path) -> None:
    made = make(tmp_path / "data")
    assert made.root_key.parent == tmp_path / "data" / "root"
    assert read_key(made.root_key).kid == made.authority.root.keys[0].kid
    assert "removable media" in (made.root_key.parent / "README.txt").read_text()
    assert not list((tmp_path / "data" / "keys").glob("root-*"))


def test_nothing_in_the_folder_is_open_to_others(tmp_path: Path) -> None:
    make(tmp_path / "data")
    for path in [tmp_path / "data", *(tmp_path / "data").rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0, path


def test_the_settings_file_is_valid_and_its_commented_values_are_the_defaults(tmp_path: Path) -> None:
    text = make(tmp_path / "data").settings.read_text()
    assert tomllib.loads(text)["peer"] == {
        "listen_host": "0.0.0.0",
        "listen_port": 8443,
    }
    lines = [line.removeprefix("# ") if " = " in line else line for line in text.splitlines()]
    uncommented = tomllib.loads("\n".join(lines))
    for table, kind in (
        ("operations", OperationsSettings),
        ("store", StoreSettings),
        ("opener", OpenerSettings),
    ):
        defaults = kind()
        known = {field.name for field in fields(kind)}
        for name, value in uncommented[table].items():
            assert name in known
            assert value == getattr(defaults, name), name
    assert set(uncommented["peer"]) <= {field.name for field in fields(PeerSettings)}


def test_an_existing_authority_is_left_alone(tmp_path: Path) -> None:
    made = make(tmp_path / "data")
    before = {path: path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file()}
    with pytest.raises(ConfigurationError) as caught:
        make(tmp_path / "data")
    assert caught.value.code == "already-initialised"
    assert {path: path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file()} == before
    assert made.documents.exists()


def test_a_folder_with_anything_else_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "thesis.txt").write_text("years of work")
    with pytest.raises(ConfigurationError) as caught:
        make(tmp_path / "data")
    assert caught.value.code == "already-initialised"
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["thesis.txt"]


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o755)
    make(tmp_path / "data")
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("authority", "AT.MOJ"),
        ("authority", "at"),
        ("endpoint_url", "http://gateway.example"),
        ("endpoint_url", "https://"),
        ("endpoint_url", "https://gateway.example:99999"),
        ("endpoint_url", "https://user@gateway.example/x?y"),
        ("country", "at"),
        ("languages", ("German",)),
        ("names", (("de", "x" * 300),)),
    ],
)
def test_what_a_peer_would_refuse_is_refused_before_anything_is_kept(
    tmp_path: Path, member: str, value: object
) -> None:
    facts: dict[str, object] = {**FACTS, member: value}
    with pytest.raises(ConfigurationError) as caught:
        initialise(tmp_path / "data", About(**facts), now=NOW)  # type: ignore[arg-type] # the wrong value is the test
    assert caught.value.code == "bad-setting"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("call", ["write_tls", "write_private", "sync_folder"])
def test_a_full_disk_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(subject, call, full)
    with pytest.raises(ConfigurationError) as caught:
        make(tmp_path / "data")
    assert caught.value.code == "disk-full"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_replaced_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object) -> None:
        raise OSError(16, os.strerror(16))

    (tmp_path / "data").mkdir()
    monkeypatch.setattr(os, "rename", busy)
    with pytest.raises(ConfigurationError) as caught:
        make(tmp_path / "data")
    assert "name a new folder inside it" in caught.value.detail
    assert [path.name for path in tmp_path.iterdir()] == ["data"]
