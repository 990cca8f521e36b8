"""The store's share in webhooks, and the line to their targets.

Contract of the store: as `emla.ports.store`, whose Transaction and Reader these are parts of. A place moves only from the one
that was read, so that of two who move it one is told.

Contract of the line: one call, no redirect followed, no more of an answer read than its status needs, within a time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from emla.model.happening import Place
from emla.model.webhook import Pause, Webhook


class WebhookTransaction(Protocol):
    """What an operation may do about webhooks inside a batch."""

    def webhooks(self) -> Sequence[Webhook]:
        """All of them, as this batch sees them, the oldest first."""
        ...

    def insert_webhook(self, webhook: Webhook) -> None:
        """Keep a new one."""
        ...

    def remove_webhook(self, webhook: str) -> bool:
        """Forget one; False when it is not there."""
        ...

    def pause_webhook(self, webhook: str, why: Pause, at: int) -> bool:
        """Tell it nothing from now on; False when that is so already."""
        ...

    def resume_webhook(self, webhook: str, place: Place | None) -> bool:
        """Tell it what stands behind a place; False when it is not paused."""
        ...

    def move_webhook(self, webhook: str, before: Place | None, place: Place | None, at: int | None) -> bool:
        """Its target has answered for all up to a place, at an instant; None where nothing was for it.

        Returns:
            False when it is at another place than `before`, paused, or not there.
        """
        ...

    def fail_webhook(self, webhook: str, at: int, code: str, detail: str) -> None:
        """Its target did not take what it was sent."""
        ...


class WebhookReader(Protocol):
    """Reads about webhooks, of what is committed."""

    def webhook(self, webhook: str) -> Webhook | None:
        """One of them."""
        ...

    def webhooks(self) -> Sequence[Webhook]:
        """All of them, the oldest first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What a target said."""

    status: int
    retry_after_seconds: float = 0.0
    """What it asked for; 0 where it did not."""


class Targets(Protocol):
    """The line to the targets."""

    def check(self, url: str) -> str:
        """The address as it will be called.

        Raises:
            TransportError: ``refused-target``: the settings do not allow it.
        """
        ...

    async def post(self, url: str, fields: dict[str, str], body: bytes) -> Answered:
        """Make a call.

        Raises:
            TransportError: ``refused-target``; ``target-unreachable``.
        """
        ...
