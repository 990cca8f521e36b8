"""Settings: defaults, file, environment, and every mistake at once."""

import dataclasses
from pathlib import Path

import pytest

from emla.config import data_folder, load, reference_page
from emla.model.errors import ConfigurationError
from emla.model.settings import Settings
from emla.settings_table import SETTINGS

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "settings.md"


def test_without_file_and_environment_everything_is_the_default(tmp_path: Path) -> None:
    assert load(tmp_path, {"PATH": "/bin"}) == Settings(data=tmp_path)


def test_the_environment_beats_the_file_and_the_file_the_default(tmp_path: Path) -> None:
    (tmp_path / "emla.toml").write_text('[peer]\nlisten_host = "0.0.0.0"\nlisten_port = 1\n')
    environment = {"EMLA_PEER__LISTEN_PORT": "2", "EMLA_PEER__ALLOW_LOOPBACK_ENDPOINTS": "true"}
    peer = load(tmp_path, environment | {"EMLA_DATA": "/x"}).peer
    assert (peer.listen_host, peer.listen_port, peer.allow_loopback_endpoints) == ("0.0.0.0", 2, True)


def test_all_mistakes_are_listed_at_once_with_the_nearest_name(tmp_path: Path) -> None:
    (tmp_path / "emla.toml").write_text(
        "listen_port = 1\n[per]\nx = 1\n[peer]\nlisten_prot = 1\nlisten_port = 65536\nlisten_host = 7\n"
        '[operations]\nlog_level = "loud"\nlisten_host = ""\n[message]\nexpiry_days = true\n'
    )
    environment = {"EMLA_PEER_LISTEN_PORT": "1", "EMLA_STORE__DISK_FLOOR_PERCENT": "-1"}
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, environment)
    assert caught.value.code == "bad-setting"
    lines = caught.value.detail.splitlines()
    expected = [
        "listen_port stands outside every table. Did you mean peer.listen_port?",
        "there is no table [per]. Did you mean peer?",
        "there is no setting peer.listen_prot. Did you mean peer.listen_port?",
        "peer.listen_port is 65536, but must be a whole number from 0 to 65535",
        "peer.listen_host must be a text",
        "operations.log_level is 'loud', but must be one of debug, info, warning, error",
        "operations.listen_host is empty",
        "message.expiry_days must be a whole number from 1 to 90",
        "There is no setting for EMLA_PEER_LISTEN_PORT. Did you mean EMLA_PEER__LISTEN_PORT?",
        "EMLA_STORE__DISK_FLOOR_PERCENT: store.disk_floor_percent must be a whole number from 0 to 99",
    ]
    assert len(lines) == len(expected)
    for line, words in zip(lines, expected, strict=True):
        assert words in line


@pytest.mark.parametrize("content", [b"[peer\n", b"\xff", b"a = 1\na = 2\n", b"#" * (1 << 20) + b"#"])
def test_a_file_that_is_not_toml_is_a_bad_setting(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "emla.toml").write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, {})
    assert caught.value.code == "bad-setting"
    assert "emla.toml" in caught.value.detail


def test_a_file_that_cannot_be_read_is_told_with_its_path(tmp_path: Path) -> None:
    (tmp_path / "emla.toml").mkdir()
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, {})
    assert caught.value.code == "unreadable-file"


def test_the_table_has_every_setting_and_only_those() -> None:
    defaults = Settings(data=Path())
    sections = {each.name for each in dataclasses.fields(Settings)} - {"data"}
    there = {
        f"{section}.{each.name}"
        for section in sections
        for each in dataclasses.fields(getattr(defaults, section))
    }
    assert {each.path for each in SETTINGS} == there


def test_every_default_is_within_its_bounds(tmp_path: Path) -> None:
    lines = [
        f"EMLA_{each.section.upper()}__{each.name.upper()}={each.default}".replace("True", "true")
        for each in SETTINGS
    ]
    environment = dict(line.split("=", 1) for line in lines)
    environment = {name: value.replace("False", "false") for name, value in environment.items()}
    assert load(tmp_path, environment) == Settings(data=tmp_path)


def test_the_reference_page_is_made_from_the_table() -> None:
    assert PAGE.read_text() == reference_page(), "run docs/generate_cli.py"


def test_the_data_folder_is_the_option_then_the_variable_then_xdg(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/srv/clerk")
    environment = {"EMLA_DATA": "/srv/emla", "XDG_DATA_HOME": "/xdg"}
    assert data_folder(tmp_path, environment) == tmp_path
    assert data_folder(None, environment) == Path("/srv/emla")
    assert data_folder(None, {"XDG_DATA_HOME": "/xdg"}) == Path("/xdg/emla")
    assert data_folder(None, {"XDG_DATA_HOME": "relative"}) == Path("/srv/clerk/.local/share/emla")
    assert data_folder(Path("~/emla"), {}) == Path("/srv/clerk/emla")
