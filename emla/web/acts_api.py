"""The part of the authority API in which acts are dictated (docs/reference/authority-api.md). Thin.

Rule of this file: what is said comes as one JSON object with small files in it; a file that is too large for that is named by
size and hash, and goes with the message that a preview answers.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace

import msgspec
from aiohttp import web

from emla.flow.drafts.dictate import Dictate, DictatedAct
from emla.flow.gateway import Gateway
from emla.flow.line.submission import Submitted
from emla.flow.people.reads import Reads
from emla.model.errors import ConfigurationError, InvalidMessageError
from emla.model.findings import Override
from emla.web import case_views, views
from emla.web.bodies import whole_body
from emla.web.conditions import precondition
from emla.web.contract.acts import OPTION_OF_SIGNER, ActFile, ActWanted
from emla.web.repeated import message_id_of
from emla.web.rights import caller_of
from emla.writing.acts import BY_VERB
from emla.writing.dictated import Dictated, GivenFile
from emla.writing.from_file import UnreadableMember, flatten

FindCase = Callable[[web.Request], Awaitable[bytes]]
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""What no XML document holds."""


class ActsApi:
    """The handlers."""

    def __init__(self, gateway: Gateway, dictate: Dictate, reads: Reads) -> None:
        self._gateway = gateway
        self._dictate = dictate
        self._reads = reads

    def add_routes(self, router: web.UrlDispatcher, find_case: FindCase) -> None:
        """Add the calls to the authority API's application; `find_case`: the case of a call, if it is for the caller."""

        async def post_act(http_request: web.Request) -> web.Response:
            return await self.post_act(http_request, await find_case(http_request))

        async def post_preview(http_request: web.Request) -> web.Response:
            return await self.post_preview(http_request, await find_case(http_request))

        router.add_post("/v1/cases/{case_id}/acts", post_act)
        router.add_post("/v1/cases/{case_id}/acts/preview", post_preview)

    async def post_preview(self, http_request: web.Request, case_id: bytes) -> web.Response:
        """POST /v1/cases/{case_id}/acts/preview: the message, what the checks find, and what would come of it."""
        wanted, _ = await _read(http_request, case_id)
        seen = await self._dictate.preview(wanted)
        # What the case knows stands in the document: it is a read like any other.
        role = wanted.caller.reads_as
        if role is None:
            raise ConfigurationError("not-allowed", "Content is not for this person.")
        await self._reads.record_case(wanted.caller, case_id, role=role)
        message = seen.message
        return views.answer(
            {
                "act": wanted.dictated.verb,
                "sendable": message is not None,
                "message": message.message_type if message else None,
                "message_id": message.message_id.hex() if message else None,
                "recipient": message.recipient if message else None,
                "document": seen.document.decode("utf-8"),
                "findings": [views.finding(each) for each in seen.findings],
                "moves": case_views.moves(seen.judgement) if seen.judgement else [],
                "etag": seen.tag,
            }
        )

    async def post_act(self, http_request: web.Request, case_id: bytes) -> web.Response:
        """POST /v1/cases/{case_id}/acts: write and send an act, or hand it in where another person must approve it."""
        wanted, contents = await _read(http_request, case_id)
        missing = [
            file.name for file, data in zip(wanted.dictated.files, contents, strict=True) if data is None
        ]
        if missing:
            raise InvalidMessageError(
                "missing-attachment",
                f"{missing[0]} has no content here: take the document of a preview, and send both with POST /v1/messages.",
            )
        wanted = replace(wanted, message_id=message_id_of(http_request))
        with self._gateway.under_way.one():
            done = await self._dictate.perform(wanted, [each for each in contents if each is not None])
        sent = isinstance(done, Submitted)
        body: views.Json = {
            "act": wanted.dictated.verb,
            "state": "SENT" if sent else "WAITING",
            "pid": done.pid.hex() if isinstance(done, Submitted) else None,
            "draft": None if isinstance(done, Submitted) else done.id.hex(),
        }
        return views.answer(body, status=201)


async def _read(http_request: web.Request, case_id: bytes) -> tuple[DictatedAct, tuple[bytes | None, ...]]:
    """The act that a call asks for, and the content of its files; None where only size and hash are said."""
    seen = precondition(http_request)
    try:
        said = msgspec.json.decode(await whole_body(http_request), type=ActWanted)
        answers = flatten(said.answers)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise InvalidMessageError("bad-request", f"The body is no act: {error}") from error
    except UnreadableMember as error:
        raise InvalidMessageError("bad-request", f"'answers': {error}") from error
    if said.act not in BY_VERB:
        raise InvalidMessageError("bad-request", f"There is no such act; there is: {', '.join(BY_VERB)}.")
    options = {name: _values(value=value) for name, value in said.said.items()}
    for member, option in OPTION_OF_SIGNER.items():
        if said.signer is not msgspec.UNSET and (value := getattr(said.signer, member)):
            options[option] = (value,)
    files = [_file(each) for each in said.files]
    dictated = Dictated(
        verb=said.act,
        said=options,
        answers=answers,
        files=tuple(each for each, _ in files),
        custody=tuple(said.custody),
        request=said.request,
        reply_to=said.reply_to,
    )
    if _UNWRITABLE.search(_everything(dictated)):
        raise InvalidMessageError("bad-request", "A text has a character in it that no document holds.")
    wanted = DictatedAct(
        case_id=case_id,
        dictated=dictated,
        caller=caller_of(http_request),
        seen=seen,
        overrides=tuple(Override(rule=each.rule, reason=each.reason) for each in said.overrides),
        emergency=None if said.emergency is msgspec.UNSET else said.emergency,
    )
    return wanted, tuple(data for _, data in files)


def _values(*, value: str | bool | list[str]) -> tuple[str, ...]:
    if isinstance(value, bool):
        return ("yes" if value else "no",)
    return (value,) if isinstance(value, str) else tuple(value)


def _file(said: ActFile) -> tuple[GivenFile, bytes | None]:
    size, sha256, data = said.size, said.sha256, None
    if said.content is not msgspec.UNSET:
        try:
            data = base64.b64decode(said.content, validate=True)
        except (binascii.Error, ValueError) as error:
            raise InvalidMessageError(
                "bad-request", f"The content of {said.name[:80]} is not base64."
            ) from error
        size, sha256 = len(data), hashlib.sha256(data).hexdigest()
    if size is msgspec.UNSET or sha256 is msgspec.UNSET or not size:
        raise InvalidMessageError(
            "bad-request",
            f"{said.name[:80]} needs its 'content', or its 'size' and 'sha256'; no file is empty.",
        )
    file = GivenFile(
        name=said.name,
        media=said.media,
        size_bytes=size,
        sha256=sha256,
        belongs_to=said.belongs_to,
        is_signature=said.signature,
    )
    return file, data


def _everything(dictated: Dictated) -> str:
    """Every text that was said."""
    options = (each for values in dictated.said.values() for each in values)
    files = (text for each in dictated.files for text in (each.name, each.media, each.belongs_to))
    return "\n".join((*options, *dictated.answers, *dictated.answers.values(), *files, *dictated.custody))
