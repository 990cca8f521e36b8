"""Where the case stands, for `emla case act`: from the running server, which judges the act again when it is sent.

Rule of this file: of the messages of the other side those are read that an officer has opened already, for their words and
references. Nothing is opened here for the first time: that is recorded and told to its sender.
"""

from emla.cli.act_source import CaseSource, told
from emla.cli.invocation import with_client
from emla.client.case_answers import ActView, Case
from emla.client.case_situations import situations_of
from emla.client.client import Client
from emla.formats.schema import Schemas
from emla.formats.xml import parse_xml
from emla.model.errors import EmlaError, InvalidMessageError, NotFoundError
from emla.model.limits import XmlLimits
from emla.model.package import PartRole
from emla.writing.heard import Heard, hear

_READ_MAX = 8
"""So many of the newest messages of the other side are read."""
_OPENED = "ContentHandover"


def from_server(schemas: Schemas, case_id: str, own: str) -> CaseSource:
    """Ask the server for a case.

    Args:
        schemas: the compiled schemas.
        case_id: CaseId, or a beginning of it.
        own: our authority.

    Raises:
        NotFoundError: there is no such case, or we have no part in it.
        TransportError: the server does not run.
    """

    async def ask(client: Client) -> tuple[Case, list[bytes]]:
        case = await client.case(case_id)
        return case, [await _document(client, each) for each in _opened(case)]

    case, documents = with_client(ask)
    heard = tuple(each for data in documents if (each := _hear(data, schemas)) is not None)
    found = situations_of(case, own)
    if not found:
        raise NotFoundError("not-found", f"{own} has no part in the case {case.case_id}.")
    return CaseSource(
        case_id=case.case_id,
        own=own,
        situations=tuple(told(each, heard) for each in found),
        heard=heard,
        etag=case.etag,
    )


def _opened(case: Case) -> list[ActView]:
    return [
        each
        for each in case.acts
        if each.direction == "received" and each.pid and each.delivery and each.delivery.event == _OPENED
    ][-_READ_MAX:]


async def _document(client: Client, act: ActView) -> bytes:
    """The main part of a message that was opened before; empty where it is no longer to be had."""
    pid = act.pid or ""
    try:
        message = await client.message(pid)
        main = next((each for each in message.parts if each.role == PartRole.MAIN.value), None)
        if main is None or main.size > XmlLimits().size_bytes_max:
            return b""
        async with client.read_part(pid, main.n) as (pieces, _):
            return b"".join([piece async for piece in pieces])
    except EmlaError:
        return b""


def _hear(data: bytes, schemas: Schemas) -> Heard | None:
    """What one document says; None where it cannot be read: it is a help and no more."""
    try:
        document = parse_xml(data, XmlLimits())
    except InvalidMessageError:
        return None
    return None if schemas.validate(document) else hear(document)
