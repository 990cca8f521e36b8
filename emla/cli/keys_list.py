"""`emla keys list`, `emla keys show`: the keys of this authority at a glance, and one of them with all there is to say."""

from typing import TYPE_CHECKING

import click

from emla.cli.invocation import common, wants_json, with_client
from emla.cli.lazy import example_text
from emla.cli.media_key import KID_DIGITS_MIN

if TYPE_CHECKING:
    from datetime import datetime

    from rich.text import Text

    from emla.client.key_answers import DocumentStanding, OwnKey, OwnKeys

_WIDE_COLUMNS = 110
"""From here on a line holds whole key ids; below, their beginnings, which every command takes, too."""
_LIFE_STYLES = {"active": "green", "announced": "cyan", "revoked": "red", None: "yellow"}
LIFE_WORDS = {
    "announced": "not begun yet; peers know of it",
    "active": "in use now",
    "verify-only": "older: what it signed or was sealed to stays good",
    "revoked": "taken back for ever",
    None: "made, and listed by no card",
}


@common
@click.command("list", epilog=example_text("emla keys list"))
def list_keys() -> None:
    """Show what is in force, what ends when, and what is in use by whom.

    Root and card stand below the keys: they end, too. A key that is unlisted is made and waits for a card.
    """
    from emla.cli import screen

    found = with_client(lambda client: client.keys())
    if wants_json():
        screen.emit_json(found)
        return
    rows = [_row(key, wide=screen.columns() >= _WIDE_COLUMNS) for key in found.keys]
    rows += [_document_row(what, each) for what, each in _documents(found)]
    screen.table(("Use", "Key", "Life", "From", "Until", "Left", "Where", "Used by"), rows, fold=("Used by",))
    if found.documents.frozen:
        screen.note(
            "This authority is FROZEN: no peer takes anything from it until a new root.", style="bold red"
        )


def _documents(found: "OwnKeys") -> "tuple[tuple[str, DocumentStanding], ...]":
    return ("root", found.documents.root), ("card", found.documents.card)


def _row(key: "OwnKey", *, wide: bool) -> "list[str | Text]":
    from rich.text import Text

    from emla.cli.endings import days_left

    ended = key.life == "revoked"
    return [
        key.use,
        key.kid if wide else key.kid[:KID_DIGITS_MIN],
        Text(key.life or "unlisted", style=_LIFE_STYLES.get(key.life, "")),
        _day(key.not_before),
        _day(key.not_after),
        Text("-") if ended else days_left(key.days_left),
        key.place or ("-" if ended or key.life == "verify-only" else "MISSING"),
        _used_by(key),
    ]


def _document_row(what: str, standing: "DocumentStanding") -> "list[str | Text]":
    from emla.cli.endings import days_left

    until, left = _day(standing.expires), days_left(standing.days_left)
    return [what, f"version {standing.version}", "in force", "-", until, left, "-", ""]


def _day(at: "datetime | None") -> str:
    return f"{at:%Y-%m-%d}" if at else "-"


def _used_by(key: "OwnKey") -> str:
    words = ", ".join(key.peers)
    if key.waiting_packages:
        words += f"{'; ' if words else ''}{key.waiting_packages} to be opened"
    return words


@common
@click.command(epilog=example_text("emla keys show 3b0c91f2"))
@click.argument("kid")
def show(kid: str) -> None:
    """Show one key: its life, its window, where it is, who uses it.

    KID is its id, or 8 or more digits of its beginning.
    """
    from emla.cli import screen
    from emla.model.errors import NotFoundError

    found = with_client(lambda client: client.keys())
    keys = [each for each in found.keys if each.kid.startswith(kid.lower()) and len(kid) >= KID_DIGITS_MIN]
    if len(keys) != 1:
        raise NotFoundError(
            "not-found", f"{len(keys)} keys have an id that begins with '{kid}': emla keys list"
        )
    key = keys[0]
    revocation = next((each for each in found.documents.revocations if each.kid == key.kid), None)
    if wants_json():
        document = screen.as_json(key)
        assert isinstance(document, dict)
        screen.emit_json(document | {"revocation": revocation})
        return
    rows = _facts(key)
    if revocation:
        since = f"{revocation.invalid_since:%Y-%m-%d %H:%M:%SZ}"
        rows += [("Revoked", f"what it did from {since} on is not believed"), ("Reason", revocation.reason)]
    screen.facts(rows)


def _facts(key: "OwnKey") -> list[tuple[str, str]]:
    from emla.cli.endings import days_left
    from emla.cli.wording import count, instant

    rows = [
        ("Key", key.kid),
        ("Use", key.use),
        ("Life", f"{key.life or 'unlisted'} ({LIFE_WORDS.get(key.life, '')})"),
        ("From", instant(key.not_before)),
        ("Until", f"{instant(key.not_after)} ({days_left(key.days_left).plain})" if key.not_after else "-"),
        ("Where", key.place or "not here"),
    ]
    if key.use == "seal":
        rows += [
            ("In use by", ", ".join(key.peers) or "nobody"),
            ("To be opened", count(key.waiting_packages, "package", "packages")),
            ("Destroyed", f"{instant(key.destroy_at)}, when no package can arrive for it any more"),
        ]
    return rows
