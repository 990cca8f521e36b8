"""Webhooks: where the gateway posts what happened, so that a case system need not ask (docs/spec/webhooks.md).

Rules of this file:
- A webhook is its person's: it is told what that person may be told, with the roles of the token that made it, as they stand now.
- Its place is what its target has answered for last. Whatever stands behind it in the ledger is posted, again if need be.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from emla.model.happening import Place
from emla.model.person import PersonRole

WEBHOOKS_MAX = 64
"""So many at one gateway: each is a task, and a connection."""
WEBHOOKS_OF_ONE_MAX = 8
"""So many of one person: nobody uses up what is there for all."""
URL_CHARACTERS_MAX = 1000
PING = "webhook.ping"
"""The type of what `test` posts; no event of the ledger has it."""


class Pause(StrEnum):
    """Why a webhook is told nothing at the moment."""

    BY_HAND = "by-hand"
    GONE = "gone"
    OWNER = "owner"
    PLACE = "place-unknown"
    RESTORED = "restored"
    REFUSED = "refused-target"


PAUSED_BECAUSE: Mapping[Pause, str] = {
    Pause.BY_HAND: "Somebody paused it.",
    Pause.GONE: "The target answered 410: it wants no more.",
    Pause.OWNER: "The person it belongs to was shut out or invited anew, or has no role any more that events are for.",
    Pause.PLACE: "The ledger does not have the place it had come to: it was restored from a backup.",
    Pause.RESTORED: "The ledger was restored from a backup: what was told since the backup is not in it. Read the cases anew.",
    Pause.REFUSED: "The settings do not allow its host any more.",
}
"""Each reason in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """A webhook as it is kept. Instants in UNIX seconds."""

    id: str
    person: str
    roles: frozenset[PersonRole]
    url: str
    types: tuple[str, ...]
    """Types of events, or families of them, as they were asked for; empty: all."""
    created_at: int
    place: Place | None
    """What was answered for last. None: nothing yet, from the first leaf on."""
    told_at: int | None = None
    paused: Pause | None = None
    paused_at: int | None = None
    failures: int = 0
    """In a row; 0 after a success."""
    failed_at: int | None = None
    failed_code: str = ""
    failed_detail: str = ""
    """Of the last failure, also after a success."""
