"""Talks to a running emla server over the authority API, on the Unix socket of its data folder.

    async with Client(data / "emla.sock") as client: message = await client.message(pid)
Not here: retries. A call that may be retried is made again as it is; a message sent twice is one: the server knows its id.
"""

import contextlib
import json
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import aiohttp

from emla.client import download
from emla.client.answers import Message, MessageSummary, Peer, PeerDetails, Pong, ServerStatus, Submitted
from emla.client.case_calls import CaseCalls
from emla.client.draft_calls import DraftCalls
from emla.client.event_calls import EventCalls
from emla.client.hub_answers import Mailbox
from emla.client.key_answers import Change, KeyOfficers, OwnDocuments, OwnKeys
from emla.client.ledger_answers import LedgerState
from emla.client.leg_answers import Leg
from emla.client.people import PeopleCalls
from emla.client.problems import error_of_problem
from emla.client.profile_answers import OwnProfile
from emla.client.quarantine_calls import SCAN_SECONDS_MAX, QuarantineCalls
from emla.client.reading import Answer, decode_answer, unreadable
from emla.client.repeating import key_headers
from emla.client.upload import PIECE_BYTES, SUBMISSION_TYPE, OpenPart, Progress, Submission
from emla.model.errors import ConfigurationError, EmlaError, TransportError
from emla.model.findings import Override
from emla.model.limits import WIRE
from emla.model.package import Priority

WAIT_SECONDS_MAX = 60
"""How long the server holds one call; who wants to wait longer calls again."""
SOCKET_PATH_BYTES_MAX = 107
"""What the kernel's socket address holds (sun_path less its end mark)."""

_CONNECT_SECONDS = 5
_ANSWER_SECONDS = 120
"""How long the server may think, on top of what a call asks it to wait."""
_DOCUMENTS_TYPE = "application/vnd.emla.documents+json"


class Client(CaseCalls, PeopleCalls, DraftCalls, QuarantineCalls, EventCalls):
    """A connection to one server. Use it as an async context manager."""

    def __init__(self, socket_path: Path, token: str | None = None) -> None:
        """Args: the server's socket; what shows who is calling, where people are on record."""
        self._token = token
        self.has_token = token is not None
        self._path = socket_path
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Get ready; nothing is sent yet.

        Raises:
            ConfigurationError: ``bad-setting`` when the socket's path is longer than the system allows.
        """
        if len(bytes(self._path)) > SOCKET_PATH_BYTES_MAX:
            raise ConfigurationError(
                "bad-setting",
                f"The path {self._path} is longer than the {SOCKET_PATH_BYTES_MAX} bytes a socket may have.",
            )
        self._session = aiohttp.ClientSession(
            base_url="http://localhost",
            connector=aiohttp.UnixConnector(path=str(self._path)),
            timeout=aiohttp.ClientTimeout(
                total=None, sock_connect=_CONNECT_SECONDS, sock_read=_ANSWER_SECONDS
            ),
            auto_decompress=False,
            headers={"Accept": "application/json, application/problem+json"}
            | ({"Authorization": f"Bearer {self._token}"} if self._token else {}),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session:
            await self._session.close()

    async def status(self) -> ServerStatus:
        """How the server is."""
        return ServerStatus.read(await self._get("/v1/status", "the status"))

    async def submit(
        self,
        parts: Sequence[OpenPart],
        *,
        recipient: str | None = None,
        prio: Priority | None = None,
        expires_in_days: int | None = None,
        overrides: Sequence[Override] = (),
        case_etag: str | None = None,
        emergency: str | None = None,
        wait_seconds: int = 0,
        progress: Progress | None = None,
    ) -> Submitted:
        """Submit a message; when this returns, it is sealed and durable here and will be tried until it
        expires.

        Args:
            parts: the main part first, then the attachments.
            recipient: the authority the message is addressed to, for whoever knows it: a message that names
                another one is refused, and any other is taken with less work.
            prio: the lane; None takes it from the message's own urgency.
            expires_in_days: None takes the server's default.
            overrides: rules in spite of which it is sent, each with the reason that goes into the ledger.
            case_etag: the `etag` of the case that was looked at; `case-changed` where another act came since.
            emergency: why it goes without a second person, where one is needed.
            wait_seconds: wait so long for the recipient's RelayAcceptance, at most `WAIT_SECONDS_MAX`.
            progress: called with the size of each piece as it is sent.

        Raises:
            InvalidMessageError: with all findings; ``attachment-changed`` when a file changed while it was
            read.
        """
        submission = Submission(
            parts,
            recipient=recipient,
            prio=prio,
            expires_in_days=expires_in_days,
            overrides=overrides,
            case_etag=case_etag,
            progress=progress,
            emergency=emergency,
        )
        return await self.submit_whole(submission, wait_seconds=wait_seconds)

    async def submit_whole(self, submission: Submission, *, wait_seconds: int = 0) -> Submitted:
        """The same of a submission that is put together."""
        headers = {"Content-Type": SUBMISSION_TYPE, "Content-Length": str(submission.size)}
        query = {"wait": str(wait_seconds)} if wait_seconds else {}
        call = partial(self._call, "POST", "/v1/messages", query=query, headers=headers)
        try:
            async with call(body=submission.body(), wait_seconds=wait_seconds) as response:
                return Submitted.read(decode_answer(await response.read(), "submission"))
        except EmlaError:
            if submission.failure:
                raise submission.failure from None
            raise

    async def list_messages(
        self, *, box: str = "all", limit: int = 100, state: str | None = None, quarantined: bool = False
    ) -> tuple[MessageSummary, ...]:
        """The newest messages first. `box` is ``in``, ``out`` or ``all``; `quarantined`: only what could not be opened here."""
        query = {"box": box, "limit": str(limit)} | ({"state": state} if state else {})
        query |= {"quarantined": "1"} if quarantined else {}
        answer = await self._get("/v1/messages", "messages", query)
        return tuple(map(MessageSummary.read, answer.items("items")))

    async def message(self, pid: str) -> Message:
        """One message, by package id, a beginning of it that is unique, or message id."""
        return Message.read(await self._get(f"/v1/messages/{quote(pid, safe='')}", "message"))

    async def wait_for(self, pid: str, *, after: int, wait_seconds: int) -> Message:
        """The message, as soon as it has more than `after` acknowledgements or the time is over.

        The server cuts the time at `WAIT_SECONDS_MAX`.
        """
        query = {"after": str(after), "wait": str(wait_seconds)}
        path = f"/v1/messages/{quote(pid, safe='')}"
        return Message.read(await self._get(path, "message", query, wait_seconds))

    @contextlib.asynccontextmanager
    async def read_part(self, pid: str, n: int) -> AsyncIterator[tuple[AsyncIterator[bytes], str]]:
        """A part as pieces, with the SHA-256 the server announces (hexadecimal). Reading an incoming part is
        its hand-over.
        """
        path = f"/v1/messages/{quote(pid, safe='')}/parts/{n}"
        async with self._call("GET", path, wait_seconds=SCAN_SECONDS_MAX) as response:
            announced = response.headers.get("X-Emla-Sha256", "")
            if not announced:
                raise unreadable("The part's answer lacks 'X-Emla-Sha256'.")
            yield response.content.iter_chunked(PIECE_BYTES), announced

    async def save_part(
        self, pid: str, n: int, path: Path, *, progress: Callable[[int], None] | None = None
    ) -> None:
        """Save a part in a new file; it is there whole or not at all.

        Raises:
            ConfigurationError: ``unwritable-file``.
            InvalidPackageError: ``part-mismatch``.
        """
        async with self.read_part(pid, n) as (pieces, announced):
            await download.save(pieces, announced, path, progress)

    async def documents(self) -> bytes:
        """This authority's own documents, as the file that other authorities import."""
        async with self._call("GET", "/v1/documents") as response:
            return await response.read()

    async def peers(self) -> tuple[Peer, ...]:
        """All pinned peers."""
        return tuple(map(Peer.read, (await self._get("/v1/peers", "peers")).items("items")))

    async def peer(self, authority: str) -> PeerDetails:
        """One pinned peer with its documents."""
        return PeerDetails.read(await self._get(f"/v1/peers/{quote(authority, safe='')}", "peer"))

    async def import_peer(self, documents: bytes, fingerprint: str) -> tuple[Peer, bool]:
        """Pin a peer, or take its newer documents. `fingerprint` are the 60 digits two people compared.

        Returns:
            The peer, and whether anything is new.
        """
        async with self._call(
            "POST",
            "/v1/peers",
            query={"fingerprint": "".join(fingerprint.split())},
            headers={"Content-Type": _DOCUMENTS_TYPE},
            body=documents,
        ) as response:
            return Peer.read(decode_answer(await response.read(), "peer")), response.status == 201

    async def ping(self, authority: str) -> Pong:
        """Make contact with a peer now."""
        path = f"/v1/peers/{quote(authority, safe='')}/ping"
        async with self._call("POST", path) as response:
            return Pong.read(decode_answer(await response.read(), "ping"))

    async def forget_peer(self, authority: str, *, force: bool = False) -> None:
        """Forget a peer; with `force` also while something waits for it."""
        path = f"/v1/peers/{quote(authority, safe='')}"
        async with self._call("DELETE", path, query={"force": "1"} if force else {}):
            return

    async def profile(self) -> OwnProfile:
        """Our own profile."""
        return OwnProfile.read(await self._get("/v1/profile", "profile"))

    async def change_profile(self, seen: int, members: Mapping[str, object]) -> OwnProfile:
        """Publish another profile, with all its members, in the place of the version that was seen."""
        body = {"version": seen, "profile": dict(members)}
        return OwnProfile.read(await self._post("/v1/profile", "profile", body, method="PUT"))

    async def keys(self) -> OwnKeys:
        """Our own keys, and where our documents stand."""
        return OwnKeys.read(await self._get("/v1/keys", "keys"))

    async def officers(self) -> KeyOfficers:
        """The key officers of today."""
        return KeyOfficers.read(await self._get("/v1/officers", "officers"))

    async def changes(self) -> tuple[Change, ...]:
        """Proposed and published changes, the newest first."""
        return tuple(map(Change.read, (await self._get("/v1/changes", "changes")).items("items")))

    async def change(self, digest: str) -> Change:
        """One change, by the hash of its document."""
        return Change.read(await self._get(f"/v1/changes/{quote(digest, safe='')}", "change"))

    async def propose(self, kind: str, document: bytes, approval: bytes) -> Change:
        """Propose a document (``card``, ``root`` or ``officers``), with the officer's signed word."""
        body = {"type": kind, "document": _text(document), "approval": _text(approval)}
        return Change.read(await self._post("/v1/changes", "change", body))

    async def approve(self, digest: str, approval: bytes) -> Change:
        """Approve a proposed document, with another officer's signed word."""
        path = f"/v1/changes/{quote(digest, safe='')}/approvals"
        return Change.read(await self._post(path, "change", {"approval": _text(approval)}))

    async def publish(self, digest: str, *signed: bytes) -> Change:
        """Publish an approved change: the signed card; or the signed root and the card under it; nothing for officers."""
        path = f"/v1/changes/{quote(digest, safe='')}/publish"
        return Change.read(await self._post(path, "change", {"documents": [_text(each) for each in signed]}))

    async def revoke(self, revocation: bytes) -> OwnDocuments:
        """Publish a revocation or a freeze that a root key has signed."""
        body = {"revocation": _text(revocation)}
        return OwnDocuments.read(await self._post("/v1/revocations", "documents", body))

    async def record_backup(self, *, id: str, kid: str, size: int, ledger_size: int) -> datetime:  # noqa: A002
        """Let a backup that was made stand in the ledger; when it does."""
        body = {"id": id, "kid": kid, "size": size, "ledger_size": ledger_size}
        return (await self._post("/v1/backups", "backup", body)).instant("recorded_at")

    async def mailboxes(self) -> tuple[Mailbox, ...]:
        """What a hub holds for each of its members.

        Raises:
            NotFoundError: the server is a gateway.
        """
        answer = await self._get("/v1/mailboxes", "mailboxes")
        return tuple(map(Mailbox.read, answer.items("items")))

    async def legs(
        self,
        *,
        state: str | None = None,
        peer: str | None = None,
        overdue: bool = False,
        dead: bool = False,
        limit: int = 100,
    ) -> tuple[Leg, ...]:
        """What waits for, or was given to, peers; with `dead` only what somebody must look at, the newest first."""
        query = {"limit": str(limit)} | ({"state": state} if state else {}) | ({"peer": peer} if peer else {})
        query |= ({"overdue": "1"} if overdue else {}) | ({"dead": "1"} if dead else {})
        return tuple(map(Leg.read, (await self._get("/v1/legs", "legs", query)).items("items")))

    async def leg(self, leg_id: str) -> Leg:
        """One leg."""
        return Leg.read(await self._get(f"/v1/legs/{quote(leg_id, safe='')}", "leg"))

    async def ledger(self) -> LedgerState:
        """How our ledger stands, and what others have shown of it."""
        return LedgerState.read(await self._get("/v1/ledger", "the ledger"))

    async def peer_gone(self, authority: str) -> LedgerState:
        """Say that a peer cannot be asked what it holds of our ledger."""
        return LedgerState.read(await self._post("/v1/ledger/gone", "the ledger", {"authority": authority}))

    async def retry_leg(self, leg_id: str) -> Leg:
        """Try a leg at once."""
        return await self._leg_act(leg_id, "retry", {})

    async def hold_leg(self, leg_id: str, reason: str) -> Leg:
        """Put a waiting leg aside."""
        return await self._leg_act(leg_id, "hold", {"reason": reason})

    async def release_leg(self, leg_id: str) -> Leg:
        """Let a held leg go on."""
        return await self._leg_act(leg_id, "release", {})

    async def _leg_act(self, leg_id: str, act: str, body: Mapping[str, object]) -> Leg:
        return Leg.read(await self._post(f"/v1/legs/{quote(leg_id, safe='')}/{act}", "leg", body))

    async def _get(
        self, path: str, what: str, query: dict[str, str] | None = None, wait_seconds: float = 0
    ) -> Answer:
        return decode_answer(await self._bytes(path, query, wait_seconds), what)

    async def _bytes(self, path: str, query: dict[str, str] | None, wait_seconds: float = 0) -> bytes:
        async with self._call("GET", path, query=query, wait_seconds=wait_seconds) as response:
            return await response.read()

    async def _post(
        self,
        path: str,
        what: str,
        body: Mapping[str, object],
        *,
        method: str = "POST",
        wait_seconds: float = 0,
    ) -> Answer:
        headers, text = {"Content-Type": "application/json"}, json.dumps(dict(body)).encode()
        async with self._call(
            method, path, headers=headers, body=text, wait_seconds=wait_seconds
        ) as response:
            return decode_answer(await response.read(), what)

    @contextlib.asynccontextmanager
    async def _call(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        body: AsyncIterator[bytes] | bytes | None = None,
        wait_seconds: float = 0,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Make one call; whatever is not a success is raised as the error it stands for."""
        if self._session is None:
            raise RuntimeError("Client is used outside its context.")
        headers = key_headers(method) | (headers or {})
        timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=_CONNECT_SECONDS, sock_read=_ANSWER_SECONDS + wait_seconds
        )
        try:
            async with self._session.request(
                method, path, params=query, headers=headers, data=body, timeout=timeout, allow_redirects=False
            ) as response:
                if response.status >= 300:
                    raise error_of_problem(await response.content.read(WIRE.documents_bytes), response.status)
                yield response
        except aiohttp.ClientConnectorError as error:
            raise ConfigurationError("server-not-running", self._why_not(error.os_error)) from error
        except TimeoutError as error:
            raise TransportError("timeout", "The server took the call and did not answer.") from error
        except aiohttp.ClientError as error:
            raise ConfigurationError("server-not-running", "The server went away during the call.") from error

    def _why_not(self, error: OSError) -> str:
        why = "you have no right to use it" if isinstance(error, PermissionError) else "nobody is there"
        return f"{self._path}: {why}."


def _text(document: bytes) -> str:
    return b64encode(document).decode("ascii")
