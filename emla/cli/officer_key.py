"""A key officer at the command line: whose key signs, and where its passphrase comes from."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from emla.cli.media_key import FILE, find_media_passphrase
from emla.cli.unlock import passphrase_options

if TYPE_CHECKING:
    from emla.bootstrap.ceremony import OpenedKey
    from emla.model.documents import Officers


def officer_options(command: Callable[..., object]) -> Callable[..., object]:
    """Add ``--as``, the options of its passphrase, and those of everything that changes something."""
    for option in (
        click.option("--dry-run", is_flag=True, help="Show what would be done; do nothing."),
        click.option("--yes", is_flag=True, help="Do not ask."),
        passphrase_options,
        click.option("--as", "officer", required=True, type=FILE, help="The key officer's own key file."),
    ):
        command = option(command)
    return command


def officer_name(path: Path) -> str:
    """Whose key a file holds, as it says itself; no passphrase is needed.

    Raises:
        ConfigurationError: ``unreadable-file``, or ``unreadable-key``: it is no officer's key.
    """
    from emla.keyring.media import MediaUse, read_media_key
    from emla.model.errors import ConfigurationError

    key = read_media_key(path)
    if key is None or key.about.use is not MediaUse.OFFICER:
        raise ConfigurationError("unreadable-key", f"{path} is not the key of a key officer.")
    return key.about.name


def open_officer(path: Path, file: Path | None, descriptor: int | None, listed: "Officers") -> "OpenedKey":
    """Open the key of somebody who is a key officer.

    Raises:
        ConfigurationError: the key does not open.
        InvalidDocumentError: ``approval-missing``: its owner is no key officer.
    """
    from emla.bootstrap.ceremony import open_key
    from emla.keyring.media import MediaUse, read_media_key
    from emla.model.errors import InvalidDocumentError

    name, key = officer_name(path), read_media_key(path)
    kids = {each.kid for each in listed.officers}
    # Before the passphrase is asked for: nobody types a secret for nothing.
    if key is not None and key.about.kid not in kids:
        names = ", ".join(each.name for each in listed.officers)
        raise InvalidDocumentError(
            "approval-missing", f"{name} with this key is no key officer. They are: {names}."
        )
    find = find_media_passphrase(file, descriptor, f"the passphrase of {path.name} ({name})")
    return open_key(path, MediaUse.OFFICER, find)
