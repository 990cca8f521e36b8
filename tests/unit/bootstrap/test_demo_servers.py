"""The gateways of the demo."""

from pathlib import Path

from emla import config
from emla.bootstrap import demo_servers
from tests.support.cli import make_authority


def test_who_keeps_a_folder_starts_it_as_it_is(tmp_path: Path) -> None:
    made = make_authority(tmp_path / "nl", "nl.moj")
    for _ in range(2):  # each start says it again
        demo_servers._settle(made.settings)
    settings = config.load(tmp_path / "nl", {})
    assert settings.peer.allow_loopback_endpoints
    assert settings.operations.listen_port == 0
    assert settings.store.disk_floor_percent == 0
