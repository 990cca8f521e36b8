"""GET /emla/1/documents/{authority}: what a gateway and a hub both answer. Documents are public, and prove themselves.

Besides its own, each gives what it knows of an authority that is pinned here: so one whose data were restored from a backup
gets back the documents it has published since. Who is pinned is no secret: whoever pushes documents hears it, too.
"""

from aiohttp import web

from emla.flow.gateway import Gateway
from emla.formats.export import encode_export
from emla.model.errors import NotFoundError
from emla.web.guard import Guard

DOCUMENTS_MEDIA = "application/vnd.emla.documents+json"


def documents_answer(gateway: Gateway, guard: Guard, authority: str) -> web.Response:
    """The documents of ourselves or of a pinned authority, as they are known here.

    Raises:
        NotFoundError: ``not-found``.
    """
    guard.count("unsigned")
    own = gateway.identity.authority
    known = own if authority == own.id else gateway.directory.find(authority)
    if known is None:
        raise NotFoundError("not-found")
    return web.Response(body=encode_export(known.documents), content_type=DOCUMENTS_MEDIA)
