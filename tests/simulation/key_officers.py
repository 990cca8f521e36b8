"""The key officers of a run: two persons and a root key, who make new keys, decide about the card that lists them, and revoke.

Every step is the call that `emla` makes for them. A call whose answer was lost is made again as it was; when the server refuses,
what they know has changed, and they begin again with what it says now.
"""

import asyncio
import base64
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp

from emla.formats import documents as form
from emla.formats.export import decode_export
from emla.keyring.files import FileUse
from emla.model.documents import ApprovalAct, Authority, KeyUse
from emla.model.signed import PayloadType
from emla.steps.next_card import CardPlan, next_card, overlap_ends
from emla.steps.trust import trust_documents
from tests.simulation.node import Node
from tests.simulation.options import AS_ASKED, DAY, KeyChange
from tests.support.ceremony import (
    ADA,
    BEN,
    listed,
    new_key,
    officers_of,
    revocation_of,
    root_key,
    signed_card,
    word,
)

_PATIENCE_SECONDS = 100.0
_PAUSE_SECONDS_MAX = 3600.0
_CARD_SECONDS = 400 * int(DAY)
_OVERLAP_SECONDS = 30 * int(DAY)


class RefusedError(Exception):
    """The server says no: what the officers wanted does not fit what there is."""


@dataclass
class KeyOfficers:
    """Those of every authority."""

    nodes: Mapping[str, Node]
    chance: random.Random
    epoch: float
    done: list[KeyChange] = field(default_factory=list)
    published: list[tuple[str, str]] = field(default_factory=list)
    """Authority and key id of every key that they were told is in a published card."""
    revoked: list[tuple[str, str]] = field(default_factory=list)
    begun_again: int = 0

    async def appoint(self, name: str) -> None:
        """Ada and Ben become key officers."""
        await self._decide(name, PayloadType.OFFICERS, officers_of(name, self._now(), ADA, BEN), [])

    async def change(self, planned: KeyChange) -> None:
        """Make a change at its time, whatever it takes."""
        await asyncio.sleep(planned.at)
        pause = 60.0
        while planned not in self.done:
            try:
                await self._rotate(planned)
                self.done.append(planned)
            except (RefusedError, OSError) as error:
                if isinstance(error, OSError) and AS_ASKED not in str(error):
                    raise  # nobody took the power from the machine on which they make the key
                self.begun_again += 1
                await asyncio.sleep(self.chance.uniform(5.0, pause))
                # What was signed under a clock a day ahead stands for that day: nobody makes a key a minute till then.
                pause = min(_PAUSE_SECONDS_MAX, 2 * pause)

    def _now(self) -> int:
        return int(self.epoch + asyncio.get_running_loop().time())

    async def _rotate(self, planned: KeyChange) -> None:
        """rotate-keys-yearly.md; and stolen-key.md, where the key before is revoked."""
        name, use = planned.node, KeyUse(planned.use)
        authority, now = await self._authority(name), self._now()
        before = authority.newest(use, now)
        data = self.nodes[name].data
        key = new_key(data, FileUse(planned.use), now)
        plan = CardPlan(
            add=(listed(key, now, 300),), ends=overlap_ends(authority, use, now, _OVERLAP_SECONDS)
        )
        card = next_card(authority, plan, now=now, life_seconds=_CARD_SECONDS)
        signed = signed_card(card, root_key(data))
        await self._decide(name, PayloadType.CARD, form.encode_card(card), [signed])
        self.published.append((name, key.kid))
        if planned.revoke and before is not None:
            revoked = revocation_of(authority, root_key(data), before.kid, self._now())
            await self._post(name, "/v1/revocations", revocation=_text(revoked))
            self.revoked.append((name, before.kid))

    async def _decide(self, name: str, kind: PayloadType, payload: bytes, signed: list[bytes]) -> None:
        """One proposes, the other approves, and it is published."""
        now = self._now()
        proposal, approval = (
            word(person, act, name, kind, payload, now)
            for person, act in ((ADA, ApprovalAct.PROPOSE), (BEN, ApprovalAct.APPROVE))
        )
        change = form.document_hash(payload).hex()
        await self._post(
            name, "/v1/changes", type=kind.name.lower(), document=_text(payload), approval=_text(proposal)
        )
        await self._post(name, f"/v1/changes/{change}/approvals", approval=_text(approval))
        await self._post(name, f"/v1/changes/{change}/publish", documents=[_text(each) for each in signed])

    async def _authority(self, name: str) -> Authority:
        while True:
            try:
                async with self._session(name) as client, client.get("/v1/documents") as answer:
                    if answer.status == 200:
                        return trust_documents(decode_export(await answer.read()))
            except (aiohttp.ClientError, OSError, TimeoutError):
                pass
            await asyncio.sleep(self.chance.uniform(0.5, 10.0))

    async def _post(self, name: str, path: str, **body: object) -> None:
        """Make a call until it is answered.

        Raises:
            RefusedError: the answer is no.
        """
        while True:
            try:
                async with self._session(name) as client, client.post(path, json=body) as answer:
                    said = await answer.text()
                    if answer.status < 300:
                        return
                    if answer.status < 500:
                        raise RefusedError(said)
            except (aiohttp.ClientError, OSError, TimeoutError):
                pass
            await asyncio.sleep(self.chance.uniform(0.5, 10.0))

    @asynccontextmanager
    async def _session(self, name: str) -> AsyncIterator[aiohttp.ClientSession]:
        connector = aiohttp.UnixConnector(str(self.nodes[name].socket))
        timeout = aiohttp.ClientTimeout(total=_PATIENCE_SECONDS)
        async with aiohttp.ClientSession("http://emla", connector=connector, timeout=timeout) as client:
            yield client


def _text(octets: bytes) -> str:
    return base64.b64encode(octets).decode()
