"""The line to holders over HTTPS: who read what they hold of ours. Each question is a signed call (docs/spec/accesses.md)."""

from collections.abc import Awaitable, Callable

from yarl import URL

from emla.model.access import LedgerPlace
from emla.model.call import Call
from emla.model.documents import Authority
from emla.model.limits import WIRE
from emla.ports.transport import Refusal
from emla.transport.https import HttpsTransport, media_of, read_answer, refusal_of

ACCESSES = "application/vnd.emla.accesses+json"
_NO_BODY = 0


class HttpsAccessLine:
    """Implements `emla.ports.accesses.AccessTransport`."""

    def __init__(
        self, transport: HttpsTransport, owner: str, sign: Callable[[Call], Awaitable[dict[str, str]]]
    ) -> None:
        """Args: the connections, our own id, and what signs our calls."""
        self._transport = transport
        self._owner = owner
        self._sign = sign

    async def ask_accesses(self, peer: Authority, case_id: bytes, first: LedgerPlace) -> bytes | Refusal:
        """Ask a holder; the signed report, unverified."""
        path = f"/emla/1/accesses/{case_id.hex()}"
        query = f"epoch={first.epoch}&first={first.index}"
        # The signature covers the path of the request line: that of the endpoint with ours behind it.
        front = URL(peer.card.endpoints[0].url).raw_path.rstrip("/") if peer.card.endpoints else ""
        call = Call(method="GET", path=front + path, query=query, sender=self._owner, recipient=peer.id)
        headers = await self._sign(call)
        timeout = self._transport.timeout(_NO_BODY)
        async with self._transport.exchange(
            peer, "GET", f"{path}?{query}", None, headers, timeout
        ) as response:
            body = await read_answer(response, WIRE.access_bytes)
            if response.status == 200 and media_of(response) == ACCESSES:
                return body
            return refusal_of(
                response.status, media_of(response), body, response.headers.get("Retry-After", "")
            )
