"""dictate: what a case system says of an act -> its message, as the gateway would send it; or sent, or handed in.

Here: from where the case stands to what the scribe is given, and from its document to a submission. Not here: writing (the
scribe), judging and sending (`submit`): nothing is easier for what was written here than for what was handed in.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from emla.cases.fold import fold
from emla.cases.judgement import Judgement
from emla.flow.dockets import Dockets, Held
from emla.flow.drafts.drafts import Drafts
from emla.flow.gateway import Gateway
from emla.flow.line.submission import Submission, Submitted
from emla.flow.line.submit import Submit
from emla.flow.people.drafting import require_own_case
from emla.model.errors import InvalidMessageError, NotFoundError
from emla.model.findings import Finding, Override
from emla.model.ids import UUID_BYTES, uuid7
from emla.model.message import Message
from emla.model.package import DeclaredPart, PartRole
from emla.model.person import Caller
from emla.ports.drafts import DraftRow
from emla.ports.scribe import Scribe
from emla.rules.profile import wishes_of
from emla.writing.answers import Surroundings
from emla.writing.dictated import Desk, Dictated
from emla.writing.known import known_of
from emla.writing.situation import Situation, situations

MESSAGE_NAME, MESSAGE_MEDIA = "message.xml", "application/xml"


@dataclass(frozen=True, slots=True, kw_only=True)
class DictatedAct:
    """An act as a case system wants it."""

    case_id: bytes
    dictated: Dictated
    caller: Caller
    seen: str | None = None
    """The tag of the case that the officer looked at."""
    overrides: tuple[Override, ...] = ()
    emergency: str | None = None
    message_id: bytes | None = None
    """16 bytes: of the call that wants it; None: any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """An act as it would be sent now, and what would come of it."""

    document: bytes
    message: Message | None
    """None: it would not be sent."""
    findings: tuple[Finding, ...]
    judgement: Judgement | None
    tag: str
    """Of the case for which it was written."""


class Dictate:
    """The journey of an act that is dictated."""

    def __init__(
        self, gateway: Gateway, scribe: Scribe, dockets: Dockets, submit: Submit, drafts: Drafts
    ) -> None:
        self._gateway = gateway
        self._scribe = scribe
        self._dockets = dockets
        self._submit = submit
        self._drafts = drafts

    async def preview(self, wanted: DictatedAct) -> Seen:
        """Write an act, and check it and its case as if it were sent now; nothing is kept.

        Raises:
            EmlaError: it cannot be written, or its case has moved.
        """
        held, document = await self._write(wanted)
        try:
            found = await self._submit.rehearse(_submission(wanted, held.tag, document, b""))
        except InvalidMessageError as error:
            if error.code != "invalid-message":
                raise
            return Seen(
                document=document, message=None, findings=error.findings, judgement=None, tag=held.tag
            )
        assert not isinstance(found, Submitted), "its id was drawn a moment ago"
        act = replace(found.checked.act, digest=found.digest, sender=self._gateway.identity.id)
        after = fold((*held.acts, act))
        return Seen(
            document=document,
            message=found.checked.message,
            findings=found.checked.findings,
            judgement=next((each for each in after.judgements if each.act.key == act.key), None),
            tag=held.tag,
        )

    async def perform(self, wanted: DictatedAct, contents: Sequence[bytes]) -> Submitted | DraftRow:
        """Write an act and send it; where another person must approve it, hand it in.

        Args:
            wanted: the act.
            contents: the bytes of its files, in their order.

        Returns:
            What became of it.

        Raises:
            EmlaError: it cannot be written or sent; nothing was kept.
        """
        if (earlier := self._done(wanted)) is not None:
            return earlier
        held, document = await self._write(wanted)
        body = b"".join(contents)
        try:
            return await self._submit(_submission(wanted, held.tag, document, body))
        except InvalidMessageError as error:
            if error.code != "needs-approval":
                raise
        handed = await self._drafts.hand_in(_submission(wanted, held.tag, document, body))
        return handed if isinstance(handed, Submitted) else handed[0]

    def _done(self, wanted: DictatedAct) -> Submitted | DraftRow | None:
        """What became of it when its call came before, and nobody kept the answer."""
        if wanted.message_id is None:
            return None
        read = self._gateway.store.read
        if (sent := read.sent_by_message(wanted.message_id)) is not None:
            return Submitted(pid=sent.pid, repeated=True)
        return read.draft_of_message(wanted.message_id)

    async def _write(self, wanted: DictatedAct) -> tuple[Held, bytes]:
        require_own_case(self._gateway, wanted.caller, wanted.case_id)
        held = await self._dockets.of(wanted.case_id)
        if wanted.seen not in (None, held.tag):
            raise InvalidMessageError("case-changed", f"Case {wanted.case_id.hex()} has another act by now.")
        own = self._gateway.identity.id
        found = situations(held.docket, wanted.case_id, own)
        if not found:
            raise NotFoundError("not-found", "We have no part in this case.")
        at = self._gateway.now()
        now = datetime.fromtimestamp(at, UTC)
        desk = Desk(
            situations=found,
            around=self._around(found, now),
            now=now,
            message_id=(wanted.message_id or uuid7(at, self._gateway.entropy(UUID_BYTES))).hex(),
        )
        return held, await self._scribe.write(wanted.dictated, desk)

    def _around(self, found: Sequence[Situation], now: datetime) -> Surroundings:
        """What profiles say of us and of those to whom we write."""
        own = self._gateway.identity.authority
        peers = {
            each.id: each for one in found if (each := self._gateway.directory.find(one.other)) is not None
        }
        languages: Mapping[str, tuple[str, ...]] = {
            each.id: each.profile.languages for each in (own, *peers.values())
        }
        return Surroundings(
            today=f"{now:%Y-%m-%d}",
            sender=known_of(own.profile),
            peers={name: known_of(each.profile) for name, each in peers.items()},
            languages=languages,
            wishes={name: wishes_of(each.profile) for name, each in peers.items()},
        )


class _Bytes:
    """A message and its files, in memory, as a source."""

    def __init__(self, data: bytes) -> None:
        self._left = memoryview(data)

    async def read_exactly(self, size: int) -> bytes:
        """The next bytes; they are as many as was declared."""
        data, self._left = bytes(self._left[:size]), self._left[size:]
        return data


def _submission(wanted: DictatedAct, tag: str, document: bytes, files: bytes) -> Submission:
    main = DeclaredPart(name=MESSAGE_NAME, media=MESSAGE_MEDIA, role=PartRole.MAIN, size=len(document))
    parts = tuple(
        DeclaredPart(
            name=each.name,
            media=each.media,
            role=PartRole.SIGNATURE if each.is_signature else PartRole.ANNEX,
            size=each.size_bytes,
        )
        for each in wanted.dictated.files
    )
    return Submission(
        parts=(main, *parts),
        source=_Bytes(document + files),
        overrides=wanted.overrides,
        drafter=wanted.caller,
        seen=tag,
        emergency=wanted.emergency,
    )
