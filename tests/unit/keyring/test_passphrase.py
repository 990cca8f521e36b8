"""A secret comes from the first source that is there, is read as people type it, and never from where others can see it."""

import os
from pathlib import Path

import pytest

from emla.keyring.passphrase import (
    BYTES_MAX,
    MEDIA_PASSPHRASE,
    PASSPHRASE,
    TOKEN_PIN,
    Passphrase,
    Sources,
    credentials_folder,
    require_strength,
)
from emla.model.errors import ConfigurationError


def private(path: Path, octets: bytes) -> Path:
    path.write_bytes(octets)
    path.chmod(0o600)
    return path


def descriptor_with(octets: bytes) -> int:
    reading, writing = os.pipe()
    os.write(writing, octets)
    os.close(writing)
    return reading


def code_of(sources: Sources) -> str:
    with pytest.raises(ConfigurationError) as caught:
        sources.find(PASSPHRASE)
    return caught.value.code


@pytest.fixture
def credentials(tmp_path: Path) -> Path:
    folder = tmp_path / "credentials"
    folder.mkdir()
    (folder / "emla-passphrase").write_bytes(b"from systemd")
    (folder / "emla-token-pin").write_bytes(b"1234\n")
    return folder


def test_the_command_line_beats_systemd_which_beats_the_settings_which_beat_a_person(
    tmp_path: Path, credentials: Path
) -> None:
    file, setting = (
        private(tmp_path / "a", b"from the option\n"),
        private(tmp_path / "b", b"from the setting\n"),
    )
    descriptor = descriptor_with(b"from the descriptor")

    def ask(_: str) -> str:
        return "from a person"

    order = [
        Sources(file=file, descriptor=descriptor, credentials=credentials, setting=setting, ask=ask),
        Sources(descriptor=descriptor, credentials=credentials, setting=setting, ask=ask),
        Sources(credentials=credentials, setting=setting, ask=ask),
        Sources(setting=setting, ask=ask),
        Sources(ask=ask),
    ]
    words = ["the option", "the descriptor", "systemd", "the setting", "a person"]
    assert [each.find(PASSPHRASE).octets.decode() for each in order] == [f"from {each}" for each in words]


def test_passphrase_and_pin_are_two_credentials_and_a_key_on_media_has_none(credentials: Path) -> None:
    sources = Sources(credentials=credentials)
    assert sources.find(TOKEN_PIN).octets == b"1234"
    with pytest.raises(ConfigurationError) as caught:
        sources.find(MEDIA_PASSPHRASE)
    assert caught.value.code == "key-locked"


def test_without_a_source_the_error_names_the_ways() -> None:
    with pytest.raises(ConfigurationError) as caught:
        Sources().find(PASSPHRASE)
    assert caught.value.code == "key-locked"
    for way in (
        "--passphrase-file",
        "--passphrase-fd",
        "emla-passphrase",
        "keys.passphrase_file",
        "terminal",
    ):
        assert way in caught.value.detail


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    file = private(tmp_path / "a", b"x")
    file.chmod(0o644)
    assert code_of(Sources(file=file)) == "unreadable-key"


def test_a_source_that_is_named_and_missing_is_an_error_and_nobody_else_is_asked(tmp_path: Path) -> None:
    assert code_of(Sources(file=tmp_path / "none", ask=lambda _: "typed")) == "unreadable-key"
    assert code_of(Sources(descriptor=999, ask=lambda _: "typed")) == "key-locked"


@pytest.mark.parametrize(
    "octets", [b"", b"\n", b"two\nlines\n", b"nul\0", b"\xff\xfe", b"x" * (BYTES_MAX + 1)]
)
def test_what_is_not_one_line_of_text_is_refused_and_not_quoted(tmp_path: Path, octets: bytes) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Sources(file=private(tmp_path / "a", octets)).find(PASSPHRASE)
    assert caught.value.code == "key-locked"
    assert caught.value.__cause__ is None
    assert "lines" not in caught.value.detail


def test_one_line_end_belongs_to_the_file_and_blanks_to_the_passphrase(tmp_path: Path) -> None:
    assert Sources(file=private(tmp_path / "a", b" a b \r\n")).find(PASSPHRASE).octets == b" a b "


def test_two_keyboards_that_type_one_letter_differently_type_one_passphrase() -> None:
    composed, combining = Sources(ask=lambda _: "caf\u00e9"), Sources(ask=lambda _: "cafe\u0301")
    assert composed.find(PASSPHRASE) == combining.find(PASSPHRASE)


def test_a_new_passphrase_has_twelve_characters() -> None:
    require_strength(Passphrase(b"x" * 12))
    with pytest.raises(ConfigurationError) as caught:
        require_strength(Passphrase("é".encode() * 11))
    assert caught.value.code == "weak-passphrase"


def test_the_folder_of_credentials_is_where_systemd_says() -> None:
    assert credentials_folder({"CREDENTIALS_DIRECTORY": "/run/credentials/emla.service"}) == Path(
        "/run/credentials/emla.service"
    )
    assert credentials_folder({"CREDENTIALS_DIRECTORY": "here"}) is None
    assert credentials_folder({}) is None
