"""Two key officers of a running server: they are appointed, and bring a card into force, over its authority API."""

import time

from emla.client.client import Client
from emla.client.key_answers import Change
from emla.formats import documents as form
from emla.model.documents import ApprovalAct, Card
from emla.model.errors import EmlaError
from emla.model.signed import PayloadType
from tests.support.ceremony import ADA, BEN, officers_of, root_key, signed_card, word
from tests.support.servers import Server


async def agreed(client: Client, who: str, kind: str, payload: bytes) -> Change:
    """Ada proposes and Ben approves."""
    of, now = PayloadType[kind.upper()], int(time.time())
    change = await client.propose(kind, payload, word(ADA, ApprovalAct.PROPOSE, who, of, payload, now))
    return await client.approve(change.hash, word(BEN, ApprovalAct.APPROVE, who, of, payload, now))


async def publish_card(server: Server, card: Card) -> Change:
    """Appoint officers where there are none, and publish a card."""
    async with Client(server.data / "emla.sock") as client:
        try:
            await client.officers()
        except EmlaError:
            payload = officers_of(server.id, int(time.time()), ADA, BEN)
            change = await agreed(client, server.id, "officers", payload)
            await client.publish(change.hash)
        change = await agreed(client, server.id, "card", form.encode_card(card))
        return await client.publish(change.hash, signed_card(card, root_key(server.data)))
