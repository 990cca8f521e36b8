from pathlib import Path

import pytest

from emla.bootstrap import schema_folder as module
from emla.bootstrap.schema_folder import schema_folder
from emla.model.errors import ConfigurationError


def make(folder: Path) -> None:
    (folder / "1.0").mkdir(parents=True)
    (folder / "1.0" / "common.xsd").touch()


def test_the_schemas_of_this_installation_are_found() -> None:
    assert (schema_folder() / "1.0" / "request.xsd").is_file()


def test_a_wheel_has_them_inside_and_a_checkout_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "emla"
    monkeypatch.setattr(module, "_PACKAGE", package)
    make(tmp_path / "schemas")
    assert schema_folder() == tmp_path / "schemas"
    make(package / "schemas")
    assert schema_folder() == package / "schemas"


def test_an_installation_without_schemas_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PACKAGE", tmp_path / "emla")
    with pytest.raises(ConfigurationError) as caught:
        schema_folder()
    assert caught.value.code == "unreadable-file"
