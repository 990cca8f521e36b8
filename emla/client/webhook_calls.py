"""The calls of the authority API about webhooks: a part of `Client`."""

import contextlib
import json
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from urllib.parse import quote

import aiohttp

from emla.client.case_answers import read_as
from emla.client.webhook_answers import WebhookList, WebhookTried, WebhookView


class WebhookCalls(ABC):
    """How events are posted to a case system."""

    @abstractmethod
    def _call(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        body: AsyncIterator[bytes] | bytes | None = None,
        wait_seconds: float = 0,
    ) -> contextlib.AbstractAsyncContextManager[aiohttp.ClientResponse]:
        """Make a call."""

    async def webhooks(self) -> tuple[WebhookView, ...]:
        """One's own, or all for an operator, the oldest first."""
        return read_as(WebhookList, await self._told("GET", "/v1/webhooks")).items

    async def webhook(self, webhook: str) -> WebhookView:
        """One of them, with what waits for its target."""
        return read_as(WebhookView, await self._told("GET", _path(webhook)))

    async def add_webhook(
        self, url: str, *, types: Sequence[str] = (), after: str | None = None
    ) -> WebhookView:
        """Have events posted to an address.

        Raises:
            TransportError: ``refused-target``.
        """
        body: dict[str, object] = {"url": url, "types": list(types)}
        body |= {"after": after} if after else {}
        return read_as(WebhookView, await self._told("POST", "/v1/webhooks", body))

    async def remove_webhook(self, webhook: str) -> WebhookView:
        """End one."""
        return read_as(WebhookView, await self._told("DELETE", _path(webhook)))

    async def try_webhook(self, webhook: str) -> WebhookTried:
        """Post an event that says nothing.

        Raises:
            TransportError: ``target-unreachable`` with what came back; ``refused-target``.
        """
        return read_as(WebhookTried, await self._told("POST", _path(webhook, "test"), {}))

    async def pause_webhook(self, webhook: str) -> WebhookView:
        """Post nothing until somebody resumes it."""
        return read_as(WebhookView, await self._told("POST", _path(webhook, "pause"), {}))

    async def resume_webhook(self, webhook: str, *, after: str | None = None) -> WebhookView:
        """Go on posting, where it stood or behind a place."""
        body: dict[str, object] = {"after": after} if after else {}
        return read_as(WebhookView, await self._told("POST", _path(webhook, "resume"), body))

    async def _told(self, method: str, path: str, body: Mapping[str, object] | None = None) -> bytes:
        data = json.dumps(body).encode() if body is not None else None
        headers = {"Content-Type": "application/json"} if data is not None else None
        async with self._call(method, path, headers=headers, body=data) as response:
            return await response.read()


def _path(webhook: str, what: str = "") -> str:
    return f"/v1/webhooks/{quote(webhook, safe='')}" + (f"/{what}" if what else "")
