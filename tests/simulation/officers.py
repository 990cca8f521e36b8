"""The officers of a run: they hand messages in, again until they have the SubmissionAcceptance, and some of them read what comes.

They remember every acknowledgement they were shown; the run holds that against what is stored.
"""

import asyncio
import base64
import json
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache

import aiohttp

from emla.model.acknowledgement import Event
from emla.model.leg import LegState
from tests.simulation.node import Node
from tests.simulation.options import Planned
from tests.support.authorities import derived
from tests.support.messages import ATTACHMENT_NAME, Template, make_template
from tests.support.servers import submission

SMALL_BYTES, LARGE_BYTES = 300, 270 * 1024
_PATIENCE_SECONDS = 100.0
_LOOK_SECONDS_MAX = 1800.0
_PAUSE_SECONDS, _PAUSE_SECONDS_MAX = 5.0, 600.0
_TRIES = 100
"""So often somebody hands in again before pauses grow."""
_NO_KEY_YET = "unknown-kid"
"""A revocation is taken at once; the card with the next key, when a wrong clock dated it too late for us, some minutes later."""
_ENDED = {LegState.REJECTED.value, LegState.EXPIRED.value, LegState.REPLACED.value}


@cache
def template_of(sender: str, recipient: str, *, large: bool) -> Template:
    """A message between two authorities."""
    # Of its sender's own: what came from another would not be passed on without a word of its owner.
    attachment = derived("annex", sender, length=LARGE_BYTES if large else SMALL_BYTES)
    return make_template(sender=sender, recipient=recipient, attachment=attachment)


@dataclass
class Officers:
    """Everybody who hands messages in and reads them."""

    nodes: Mapping[str, Node]
    chance: random.Random
    accepted: dict[bytes, bytes] = field(default_factory=dict)
    """Package id by message id, of every message with a SubmissionAcceptance."""
    seen: dict[str, dict[tuple[bytes, Event], bytes]] = field(default_factory=dict)
    """Every acknowledgement that an officer was shown, by authority."""
    documents: list[bytes] = field(default_factory=list)
    """Every message that was handed in."""
    read: dict[bytes, int] = field(default_factory=dict)
    """How often each package was opened by an officer."""
    put_off: int = 0
    """How often an answer was lost, or was that it should be tried again."""

    @asynccontextmanager
    async def _session(self, name: str) -> AsyncIterator[aiohttp.ClientSession]:
        connector = aiohttp.UnixConnector(str(self.nodes[name].socket))
        timeout = aiohttp.ClientTimeout(total=_PATIENCE_SECONDS)
        async with aiohttp.ClientSession("http://emla", connector=connector, timeout=timeout) as client:
            yield client

    async def hand_in(self, planned: Planned) -> None:
        """Hand a message in until it is taken, and have it read if that is planned."""
        await asyncio.sleep(planned.at)
        message_id = self.chance.randbytes(16)
        template = template_of(planned.sender, planned.recipient, large=planned.large)
        document = template.fill(message_id, message_id)
        self.documents.append(document)
        more: dict[str, object] = {"prio": "urgent"} if planned.urgent else {}
        if planned.days is not None:
            more["expires_in_days"] = planned.days
        body = submission(document, [(ATTACHMENT_NAME, template.attachment)], **more)
        tries, pause = 0, _PAUSE_SECONDS
        while message_id not in self.accepted:
            try:
                await self._submit(planned, message_id, body)
            except (aiohttp.ClientError, OSError, TimeoutError):
                self.put_off += 1
            if message_id not in self.accepted:
                await asyncio.sleep(self.chance.uniform(0.05, pause))
                tries += 1
                if tries > _TRIES:
                    # Until a clock that was set a day ahead is right again there may be no key: nobody asks every other second.
                    pause = min(_PAUSE_SECONDS_MAX, 1.5 * pause)
        if planned.read and planned.recipient in self.nodes:
            await self._read(planned, self.accepted[message_id], document)

    async def _submit(self, planned: Planned, message_id: bytes, body: bytes) -> None:
        wait = "30" if planned.wait else "0"
        async with (
            self._session(planned.sender) as client,
            client.post("/v1/messages", params={"wait": wait}, data=body) as answer,
        ):
            found = await answer.json()
            if answer.status >= 500 or found.get("code") == _NO_KEY_YET:
                self.put_off += 1
                return
            assert answer.status in (200, 201), found
        pid = bytes.fromhex(found["pid"])
        self._shown(planned.sender, pid, found)
        assert (pid, Event.SUBMISSION_ACCEPTANCE) in self.seen[planned.sender]
        self.accepted[message_id] = pid

    def _shown(self, name: str, pid: bytes, found: dict[str, object]) -> None:
        known = self.seen.setdefault(name, {})
        acknowledgements = found["acknowledgements"]
        assert isinstance(acknowledgements, list)
        for each in acknowledgements:
            key, bundle = (pid, Event(each["event"])), base64.b64decode(each["bundle"])
            assert known.setdefault(key, bundle) == bundle, "one event was acknowledged with two bundles"

    async def _read(self, planned: Planned, pid: bytes, document: bytes) -> None:
        """Open a message at its recipient as soon as it can be; one that its sender has given up is not waited for."""
        pause = 5.0
        while pid not in self.read:
            await asyncio.sleep(self.chance.uniform(1.0, pause))
            pause = min(_LOOK_SECONDS_MAX, 2 * pause)
            try:
                if await self._try_to_read(planned, pid, document):
                    return
            except (aiohttp.ClientError, OSError, TimeoutError):
                self.put_off += 1

    async def _try_to_read(self, planned: Planned, pid: bytes, document: bytes) -> bool:
        """Whether nothing more is to be waited for."""
        path = f"/v1/messages/{pid.hex()}"
        async with self._session(planned.recipient) as client:
            state = await self._look(client, planned.recipient, pid)
            if state in ("CONSIGNED", "HANDED"):
                async with client.get(f"{path}/parts/0") as answer:
                    if answer.status != 200:
                        return False
                    assert await answer.read() == document
                self.read[pid] = self.read.get(pid, 0) + 1
                return True
        if state == "QUARANTINED":
            return True
        async with self._session(planned.sender) as client:
            return await self._look(client, planned.sender, pid) in _ENDED

    async def _look(self, client: aiohttp.ClientSession, name: str, pid: bytes) -> str | None:
        """Where a package stands, as somebody is shown it; None where nobody knows it."""
        async with client.get(f"/v1/messages/{pid.hex()}") as answer:
            if answer.status != 200:
                return None
            found = json.loads(await answer.read())
        self._shown(name, pid, found)
        return str(found["state"])
