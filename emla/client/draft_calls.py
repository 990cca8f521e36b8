"""The calls of the authority API about drafts and approval: a part of `Client`."""

import contextlib
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from urllib.parse import quote

import aiohttp

from emla.client import download
from emla.client.draft_answers import Draft, DraftLine, HandedIn, SentAlone
from emla.client.reading import Answer, decode_answer, unreadable
from emla.client.upload import PIECE_BYTES, SUBMISSION_TYPE, Submission
from emla.model.errors import EmlaError


class DraftCalls(ABC):
    """What a client asks about messages that wait for a second person."""

    @abstractmethod
    async def _get(
        self, path: str, what: str, query: dict[str, str] | None = None, wait_seconds: float = 0
    ) -> Answer:
        """Make a call that reads."""

    @abstractmethod
    async def _post(
        self, path: str, what: str, body: Mapping[str, object], *, method: str = "POST"
    ) -> Answer:
        """Make a call that changes something."""

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

    async def hand_in(self, submission: Submission) -> HandedIn:
        """Hand a message in for another person to approve.

        Raises:
            InvalidMessageError: as when it is sent.
        """
        headers = {"Content-Type": SUBMISSION_TYPE, "Content-Length": str(submission.size)}
        try:
            async with self._call("POST", "/v1/drafts", headers=headers, body=submission.body()) as response:
                return HandedIn.read(decode_answer(await response.read(), "draft"))
        except EmlaError:
            if submission.failure:
                raise submission.failure from None
            raise

    async def drafts(
        self, *, state: str | None = None, mine: bool = False, limit: int = 100
    ) -> tuple[DraftLine, ...]:
        """Drafts, the newest first: one's own, or all for whoever sees all cases."""
        query = {"limit": str(limit)} | ({"state": state} if state else {}) | ({"mine": "1"} if mine else {})
        return tuple(map(DraftLine.read, (await self._get("/v1/drafts", "drafts", query)).items("items")))

    async def one_draft(self, draft: str) -> Draft:
        """One draft; the read leaves a leaf."""
        return Draft.read(await self._get(_path(draft), "draft"))

    async def withdraw_draft(self, draft: str) -> Draft:
        """Take a draft of one's own back."""
        return Draft.read(await self._post(_path(draft), "draft", {}, method="DELETE"))

    async def approve_draft(self, draft: str, looked_at: str) -> Draft:
        """Send a draft as the second person; `looked_at` is the `hash` of what was looked at."""
        return Draft.read(await self._post(f"{_path(draft)}/approve", "draft", {"hash": looked_at}))

    async def return_draft(self, draft: str, looked_at: str, reason: str) -> Draft:
        """Give a draft back to its drafter, with the reason."""
        body = {"hash": looked_at, "reason": reason}
        return Draft.read(await self._post(f"{_path(draft)}/return", "draft", body))

    async def save_draft_part(
        self, draft: str, n: int, path: Path, *, progress: Callable[[int], None] | None = None
    ) -> None:
        """Save a part of a draft in a new file; it is there whole or not at all; the read leaves a leaf."""
        async with self._call("GET", f"{_path(draft)}/parts/{n}") as response:
            announced = response.headers.get("X-Emla-Sha256", "")
            if not announced:
                raise unreadable("The part's answer lacks 'X-Emla-Sha256'.")
            await download.save(response.content.iter_chunked(PIECE_BYTES), announced, path, progress)

    async def sent_alone(self, *, open_only: bool = False, limit: int = 100) -> tuple[SentAlone, ...]:
        """Messages that went without a second person, the newest first."""
        query = {"limit": str(limit)} | ({"open": "1"} if open_only else {})
        return tuple(map(SentAlone.read, (await self._get("/v1/alone", "messages", query)).items("items")))

    async def review_alone(self, message_id: str, *, agrees: bool, words: str = "") -> SentAlone:
        """Say of such a message, as the second person, whether it should have gone."""
        body: dict[str, object] = {"agrees": agrees} | ({"words": words} if words else {})
        path = f"/v1/alone/{quote(message_id, safe='')}/review"
        return SentAlone.read(await self._post(path, "message", body))


def _path(draft: str) -> str:
    return f"/v1/drafts/{quote(draft, safe='')}"
