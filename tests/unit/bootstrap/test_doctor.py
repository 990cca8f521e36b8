"""The doctor finds what is wrong, says what to do, and changes nothing."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from emla.bootstrap import doctor
from emla.bootstrap.doctor import Check, Verdict, examine
from tests.support.cli import NOW, emla, fake_server, make_authority, short_folder

DAY = 86400


async def _not_started(name: str, worker: object) -> Check:
    return Check(name=name, verdict=Verdict.OK, found="not started here", remedy="")


@pytest.fixture
def processes() -> None:
    """An opener and a clerk that are started."""


@pytest.fixture(autouse=True)
def no_processes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only for those who ask for them: most tests here are about something else."""
    if "processes" not in request.fixturenames:
        monkeypatch.setattr(doctor, "_worker", _not_started)


@pytest.fixture
def data() -> Iterator[Path]:
    with short_folder() as folder:
        made = make_authority(folder / "nl")
        made.root_key.unlink()
        (folder / "nl" / "emla.toml").write_text("[peer]\nlisten_port = 0\n[operations]\nlisten_port = 0\n")
        yield folder / "nl"


async def _checks(
    data: Path, *, now: int = NOW, environment: dict[str, str] | None = None
) -> dict[str, Check]:
    return {each.name: each for each in await examine(data, environment or {}, now)}


async def test_a_fresh_authority_has_nothing_that_fails_and_nothing_is_changed(
    data: Path, processes: None
) -> None:
    before = sorted((path, path.lstat().st_mtime_ns) for path in data.rglob("*"))
    checks = await _checks(data)
    assert [each for each in checks.values() if each.verdict is Verdict.FAIL] == []
    assert checks["server"].verdict is Verdict.WARN
    assert "seal" not in checks
    assert checks["opener"].found
    assert checks["clerk"].found == checks["opener"].found
    assert sorted((path, path.lstat().st_mtime_ns) for path in data.rglob("*")) == before


async def test_what_is_not_well_has_a_remedy(data: Path, processes: None) -> None:
    checks = await _checks(data)
    assert all(each.remedy for each in checks.values() if each.verdict is not Verdict.OK)


async def test_an_empty_folder_is_told_first(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    checks = await _checks(tmp_path)
    assert checks["data folder"].verdict is Verdict.FAIL
    assert "emla init" in checks["data folder"].remedy
    assert "own card" not in checks


@pytest.mark.parametrize(("days", "verdict"), [(10, Verdict.OK), (350, Verdict.WARN), (500, Verdict.FAIL)])
async def test_the_cards_expiry_is_warned_of_in_time(data: Path, days: int, verdict: Verdict) -> None:
    assert (await _checks(data, now=NOW + days * DAY))["own card"].verdict is verdict


async def test_a_key_that_is_no_longer_in_force_fails(data: Path) -> None:
    assert (await _checks(data, now=NOW + 396 * DAY))["seal key"].verdict is Verdict.FAIL


async def test_a_clock_before_the_own_card_fails(data: Path) -> None:
    assert (await _checks(data, now=NOW - DAY))["clock"].verdict is Verdict.FAIL


async def test_a_key_others_can_read_fails(data: Path) -> None:
    next((data / "keys").glob("sign-*.json")).chmod(0o644)
    assert (await _checks(data))["private keys"].verdict is Verdict.FAIL


async def test_a_missing_key_fails(data: Path, processes: None) -> None:
    next((data / "keys").glob("seal-*.json")).unlink()
    checks = await _checks(data)
    assert checks["private keys"].verdict is Verdict.FAIL
    assert checks["opener"].verdict is Verdict.FAIL


async def test_damaged_documents_fail(data: Path) -> None:
    path = data / "documents" / "own.json"
    path.write_bytes(path.read_bytes().replace(b'"v":1', b'"v":2'))
    assert (await _checks(data))["documents"].verdict is Verdict.FAIL


async def test_a_database_that_cannot_be_read_is_no_matter_of_a_file_to_restore(data: Path) -> None:
    (data / "emla.db").write_bytes(b"not a database" * 300)
    check = (await _checks(data))["documents"]
    assert check.verdict is Verdict.FAIL
    assert "disk" in check.remedy


async def test_a_folder_open_to_others_fails(data: Path) -> None:
    data.chmod(0o755)
    assert (await _checks(data))["data folder"].verdict is Verdict.FAIL


async def test_bad_settings_and_a_full_disk_fail(data: Path) -> None:
    checks = await _checks(data, environment={"EMLA_STORE__DISK_FLOOR": "1"})
    assert checks["settings"].verdict is Verdict.FAIL
    environment = {"EMLA_STORE__DISK_FLOOR_BYTES": str(2**62), "EMLA_STORE__DISK_FLOOR_PERCENT": "99"}
    assert (await _checks(data, environment=environment))["disk"].verdict is Verdict.FAIL


async def test_payload_files_that_were_put_aside_are_told_of(data: Path) -> None:
    assert "payload files" not in await _checks(data)
    (data / "blobs-aside").mkdir()
    (data / "blobs-aside" / ("0" * 64)).touch()
    check = (await _checks(data))["payload files"]
    assert (check.verdict, check.found[:2]) == (Verdict.WARN, "1 ")


async def test_a_taken_port_fails(data: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        environment = {"EMLA_PEER__LISTEN_PORT": str(taken.getsockname()[1])}
        assert (await _checks(data, environment=environment))["peer port"].verdict is Verdict.FAIL


def test_the_command_shows_the_checks_and_the_peers_of_a_running_server(data: Path, tmp_path: Path) -> None:
    other = make_authority(tmp_path / "jp", "jp.moj")
    with fake_server(data):
        emla("peer", "import", other.documents, "--fingerprint", other.fingerprint, "--data", data)
        outcome = emla("doctor", "--data", data, "--json")
    checks = outcome.document["checks"]
    assert isinstance(checks, list)
    (peer,) = [each for each in checks if each["name"] == "peer jp.moj"]
    assert peer["verdict"] == "warn"
    assert "newer card" in peer["found"]


def test_the_commands_exit_code_is_that_of_the_worst_check(tmp_path: Path, data: Path) -> None:
    assert emla("doctor", "--data", tmp_path / "none").code == 1
    assert "emla init" in emla("doctor", "--data", tmp_path / "none").out
