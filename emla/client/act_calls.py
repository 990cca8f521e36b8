"""The calls of the authority API in which an act is dictated: a part of `Client`."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from emla.client.reading import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewedAct:
    """An act as it would be sent now."""

    sendable: bool
    document: str
    """The message."""
    etag: str
    """Of the case for which it was written."""
    findings: tuple[str, ...]
    """What the checks say of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformedAct:
    """What became of an act: `pid` once it is sent, `draft` where it waits for another person."""

    state: str
    pid: str | None
    draft: str | None


class ActCalls(ABC):
    """What a client has written and sent without writing XML."""

    @abstractmethod
    async def _post(
        self, path: str, what: str, body: Mapping[str, object], *, method: str = "POST"
    ) -> Answer:
        """Make a call that changes something."""

    async def preview_act(self, case_id: str, act: Mapping[str, object]) -> PreviewedAct:
        """Have an act written and checked, as if it were sent now; `act` as docs/reference/authority-api.md says."""
        answer = await self._post(f"{_path(case_id)}/preview", "act", act)
        return PreviewedAct(
            sendable=answer.truth("sendable"),
            document=answer.text("document"),
            etag=answer.text("etag"),
            findings=tuple(each.text("message") for each in answer.items("findings")),
        )

    async def perform_act(self, case_id: str, act: Mapping[str, object]) -> PerformedAct:
        """Have an act written and sent. Inside `repeating` it is done once, however often it is called."""
        answer = await self._post(_path(case_id), "act", act)
        return PerformedAct(
            state=answer.text("state"),
            pid=answer.optional("pid", answer.text),
            draft=answer.optional("draft", answer.text),
        )


def _path(case_id: str) -> str:
    return f"/v1/cases/{quote(case_id, safe='')}/acts"
