"""Webhooks: the statements, and from rows to values. Part of `SqliteTransaction` and `SqliteReader`."""

import sqlite3
from collections.abc import Callable, Sequence

from emla.model.happening import Place, parse_place
from emla.model.person import PersonRole
from emla.model.webhook import Pause, Webhook
from emla.store.sqlite import rows

_WEBHOOK = (
    "SELECT id, person, roles, url, types, created_at, place, told_at, paused, paused_at, failures, failed_at,"
    " failed_code, failed_detail FROM webhook"
)
_ALL = _WEBHOOK + " ORDER BY created_at, id"
_MOVE = """
UPDATE webhook SET place = ?3, told_at = coalesce(?4, told_at), failures = iif(?4 IS NULL, failures, 0)
WHERE id = ?1 AND place IS ?2 AND paused IS NULL
"""
_FAIL = "UPDATE webhook SET failures = failures + 1, failed_at = ?, failed_code = ?, failed_detail = ? WHERE id = ?"


class WebhookStatements:
    """Implements `emla.ports.webhooks.WebhookTransaction`."""

    _execute: Callable[..., sqlite3.Cursor]

    def webhooks(self) -> Sequence[Webhook]:
        """All of them, as this batch sees them."""
        return [_webhook(row) for row in self._execute(_ALL)]

    def insert_webhook(self, webhook: Webhook) -> None:
        """Keep a new one."""
        self._execute(
            "INSERT INTO webhook VALUES (?, ?, ?, ?, ?, ?, ?, NULL, NULL, NULL, 0, NULL, '', '')",
            (
                webhook.id,
                webhook.person,
                " ".join(sorted(webhook.roles)),
                webhook.url,
                " ".join(webhook.types),
                webhook.created_at,
                _text(webhook.place),
            ),
        )

    def remove_webhook(self, webhook: str) -> bool:
        """Forget one."""
        return self._execute("DELETE FROM webhook WHERE id = ?", (webhook,)).rowcount == 1

    def pause_webhook(self, webhook: str, why: Pause, at: int) -> bool:
        """Tell it nothing from now on."""
        sql = "UPDATE webhook SET paused = ?, paused_at = ? WHERE id = ? AND paused IS NULL"
        return self._execute(sql, (why.value, at, webhook)).rowcount == 1

    def resume_webhook(self, webhook: str, place: Place | None) -> bool:
        """Tell it what stands behind a place."""
        sql = (
            "UPDATE webhook SET paused = NULL, paused_at = NULL, failures = 0, place = ?"
            " WHERE id = ? AND paused IS NOT NULL"
        )
        return self._execute(sql, (_text(place), webhook)).rowcount == 1

    def move_webhook(self, webhook: str, before: Place | None, place: Place | None, at: int | None) -> bool:
        """Its target has answered for all up to a place."""
        return self._execute(_MOVE, (webhook, _text(before), _text(place), at)).rowcount == 1

    def fail_webhook(self, webhook: str, at: int, code: str, detail: str) -> None:
        """Its target did not take what it was sent."""
        self._execute(_FAIL, (at, code, detail, webhook))


class WebhookReads:
    """Implements `emla.ports.webhooks.WebhookReader`."""

    _execute: Callable[..., sqlite3.Cursor]

    def webhook(self, webhook: str) -> Webhook | None:
        """One of them."""
        return rows.one(self._execute(_WEBHOOK + " WHERE id = ?", (webhook,)), _webhook)

    def webhooks(self) -> Sequence[Webhook]:
        """All of them, the oldest first."""
        return [_webhook(row) for row in self._execute(_ALL)]


def _text(place: Place | None) -> str | None:
    return place.text if place else None


def _webhook(row: sqlite3.Row) -> Webhook:
    return Webhook(
        id=row[0],
        person=row[1],
        roles=frozenset(PersonRole(each) for each in row[2].split()),
        url=row[3],
        types=tuple(row[4].split()),
        created_at=row[5],
        place=parse_place(row[6]) if row[6] is not None else None,
        told_at=row[7],
        paused=Pause(row[8]) if row[8] is not None else None,
        paused_at=row[9],
        failures=row[10],
        failed_at=row[11],
        failed_code=row[12],
        failed_detail=row[13],
    )
