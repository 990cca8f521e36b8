"""The part of the authority API that is about backups (docs/reference/authority-api.md). Thin."""

from aiohttp import web

from emla.flow.record_backup import RecordBackup
from emla.formats import strict_json
from emla.formats.patterns import KID
from emla.formats.strict_json import Members
from emla.model.errors import InvalidMessageError, MalformedError
from emla.web import views
from emla.web.bodies import whole_body

_BODY_BYTES_MAX = 4096


class BackupsApi:
    """The handlers, around the journeys they start."""

    def __init__(self, record: RecordBackup) -> None:
        self._record = record

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Add the calls to the authority API's application."""
        router.add_post("/v1/backups", self.post_backup)

    async def post_backup(self, http_request: web.Request) -> web.Response:
        """POST /v1/backups: a backup was made; it is noted in the ledger."""
        try:
            members = Members(strict_json.decode(await whole_body(http_request), _BODY_BYTES_MAX), "backup")
            backup, kid = members.text("id", KID), members.text("kid", KID)
            size, ledger_size = members.integer("size"), members.integer("ledger_size")
            members.finish()
        except MalformedError as error:
            raise InvalidMessageError("bad-request", error.detail) from error
        at = await self._record(backup=backup, kid=kid, size=size, ledger_size=ledger_size)
        return views.answer({"recorded_at": views.instant(at)}, status=201)
