"""Drafts on the disk: private, whole, one writer at a time, gone when they are forgotten."""

import os
import stat
from pathlib import Path

import pytest

from emla.bootstrap.drafts import Drafts, drafts_folder
from emla.formats.draft import Draft
from emla.model.errors import ConfigurationError, NotFoundError

DRAFT = Draft(
    id="8d41c0a97e52",
    message="{urn:x}M",
    authority="jp.moj",
    created=1,
    changed=2,
    answers={"Purpose": "لإثبات"},
)


def test_a_draft_comes_back_as_it_was_saved_and_is_private(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path / "state" / "drafts")
    drafts.save(DRAFT)
    assert drafts.load("8d41") == DRAFT
    (path,) = drafts.folder.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(drafts.folder.stat().st_mode) == 0o700


def test_a_save_that_fails_leaves_the_draft_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drafts = Drafts(tmp_path)
    drafts.save(DRAFT)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ConfigurationError) as caught:
        drafts.save(Draft(id=DRAFT.id, message="", authority="", created=0, changed=0))
    assert caught.value.code == "unwritable-file"
    assert drafts.load(DRAFT.id) == DRAFT


@pytest.mark.parametrize("mode", [0o770, 0o702, 0o1777])
def test_a_folder_that_others_can_write_to_is_refused(tmp_path: Path, mode: int) -> None:
    folder = tmp_path / "drafts"
    folder.mkdir()
    folder.chmod(mode)
    drafts = Drafts(folder)
    with pytest.raises(ConfigurationError, match="EMLA_DRAFTS"):
        drafts.save(DRAFT)
    with pytest.raises(ConfigurationError, match="EMLA_DRAFTS"), drafts.alone(DRAFT.id):
        pass
    assert list(folder.iterdir()) == []


def test_a_folder_prepared_by_another_user_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "drafts").mkdir()
    monkeypatch.setattr("emla.bootstrap.drafts.os.geteuid", lambda: os.getuid() + 1)
    with pytest.raises(ConfigurationError, match="another user"):
        Drafts(tmp_path / "drafts").save(DRAFT)


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path)
    drafts.save(DRAFT)
    with drafts.alone(DRAFT.id):
        with pytest.raises(ConfigurationError) as caught, Drafts(tmp_path).alone(DRAFT.id):
            pass
        assert caught.value.code == "draft-open"
        with pytest.raises(ConfigurationError):
            drafts.forget(DRAFT.id)
    assert drafts.forget(DRAFT.id) == DRAFT.id


def test_what_is_forgotten_is_gone(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path)
    drafts.save(DRAFT)
    drafts.forget("8d41c0")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(NotFoundError):
        drafts.load("8d41c0")


def test_the_last_one_changed_stands_first_and_a_damaged_one_is_named(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path)
    drafts.save(DRAFT)
    drafts.save(Draft(id="ffffffffffff", message="", authority="", created=5, changed=6))
    (tmp_path / "aaaaaaaaaaaa.draft.json").write_bytes(b'{"draft": 1')
    (tmp_path / "aaaaaaaaaaaa.draft.json").chmod(0o600)
    assert [each.id for each in drafts.all()] == ["ffffffffffff", DRAFT.id]
    assert [each.name for each in drafts.damaged()] == ["aaaaaaaaaaaa.draft.json"]
    with pytest.raises(ConfigurationError) as caught:
        drafts.load("aaaa")
    assert caught.value.code == "draft-damaged"


def test_a_name_that_is_not_unique_or_leads_elsewhere_is_refused(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path)
    drafts.save(DRAFT)
    drafts.save(Draft(id="8d41ffffffff", message="", authority="", created=5, changed=6))
    for name in ("8d41", "", "../8d41c0a97e52", "*"):
        with pytest.raises(NotFoundError):
            drafts.load(name)


def test_drafts_lie_in_the_state_folder_of_the_officer() -> None:
    assert drafts_folder({"XDG_STATE_HOME": "/s"}) == Path("/s/emla/drafts")
    assert drafts_folder({"XDG_STATE_HOME": "relative"}) == Path.home() / ".local/state/emla/drafts"
    assert drafts_folder({"EMLA_DRAFTS": "/d", "XDG_STATE_HOME": "/s"}) == Path("/d")
