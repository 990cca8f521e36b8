"""Keys on removable media at the command line: making one, opening one, and asking before anything is signed."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from emla.cli.invocation import OWN_DOCUMENTS, at_terminal, data
from emla.cli.unlock import ask

if TYPE_CHECKING:
    from emla.bootstrap.ceremony import FindPassphrase
    from emla.model.documents import Authority

FILE = click.Path(path_type=Path, dir_okay=False)
KID_DIGITS_MIN = 8


def find_media_passphrase(
    file: Path | None, descriptor: int | None, words: str | None = None
) -> "FindPassphrase":
    """Where the passphrase of a key on media comes from; `words` name it to a person who is asked."""
    from emla.keyring.passphrase import MEDIA_PASSPHRASE, Passphrase, Sources

    def find() -> Passphrase:
        asking = (lambda default: ask(words or default)) if at_terminal() else None
        return Sources(file=file, descriptor=descriptor, ask=asking).find(MEDIA_PASSPHRASE)

    return find


def find_passphrase_of(key: Path, file: Path | None, descriptor: int | None) -> "FindPassphrase":
    """Where the passphrase of one key file comes from; a person is told which key is meant.

    Raises:
        ConfigurationError: ``unreadable-file`` or ``unreadable-key``.
    """
    from emla.keyring.media import read_media_key

    locked = read_media_key(key)
    words = None if locked is None else f"the passphrase of {key.name} ({locked.about.name})"
    return find_media_passphrase(file, descriptor, words)


def documents_of(export: Path | None) -> "Authority | None":
    """The authority's documents: of an exported file, else those of the data folder, where there is one."""
    from emla.bootstrap.ceremony import read_documents

    path = export or data() / OWN_DOCUMENTS
    return read_documents(path) if export or path.exists() else None


def required_documents(export: Path | None) -> "Authority":
    """The same, where nothing can be done without them.

    Raises:
        click.UsageError: there are none.
    """
    found = documents_of(export)
    if found is None:
        raise click.UsageError("Name the authority's exported documents with --from (`emla card export`).")
    return found


def instant(text: str | None, now: int) -> int:
    """An instant as people write it, with its offset: ``2027-03-01T09:30Z``; absent: now.

    Raises:
        click.UsageError: it is none, or has no offset.
    """
    if text is None:
        return now
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = datetime.min  # noqa: DTZ901 - told apart below by its missing offset
    if at.tzinfo is None:
        raise click.UsageError(f"'{text}' is no instant such as 2027-03-01T09:30Z.")
    return int(at.astimezone(UTC).timestamp())


def listed_kid(authority: "Authority", digits: str) -> str:
    """The id of a key of the card, by the id or 8 or more digits of its beginning.

    Raises:
        click.UsageError: the card lists none such, or several.
    """
    found = [
        each for each in authority.card.keys if each.kid.startswith(digits) and len(digits) >= KID_DIGITS_MIN
    ]
    if len(found) != 1:
        names = "; ".join(f"{each.use} {each.kid}" for each in authority.card.keys)
        raise click.UsageError(f"The card has no key {digits}. It lists: {names}.")
    return found[0].kid


def confirm(question: str, *, yes: bool) -> None:
    """Ask a person before something is signed.

    Raises:
        click.UsageError: there is nobody to ask.
        click.Abort: the answer is no.
    """
    if yes:
        return
    if not at_terminal():
        raise click.UsageError("There is no terminal to ask at: give --yes when you know what is signed.")
    if not click.confirm(question, default=False, err=True):
        raise click.Abort
