"""The part of the authority API about statistics (docs/reference/authority-api.md). Thin."""

from aiohttp import web

from emla.flow.statistics import CountCases
from emla.model.errors import InvalidMessageError
from emla.model.statistics import Band, Statistics
from emla.web import views
from emla.web.queries import integer

_YEARS = range(2000, 10_000)


class StatisticsApi:
    """The handler, around what it asks."""

    def __init__(self, count: CountCases) -> None:
        self._count = count

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Add the call to the authority API's application."""
        router.add_get("/v1/statistics", self.get_statistics)

    async def get_statistics(self, http_request: web.Request) -> web.Response:
        """GET /v1/statistics: what may be said of a year; without persons, in bands, nothing under five."""
        year = integer(http_request.query.get("year", ""))
        if year not in _YEARS:
            raise InvalidMessageError("bad-request", "'year' is a calendar year, such as 2026.")
        return views.answer(_shown(await self._count(year)))


def _shown(found: Statistics) -> views.Json:
    groups: list[views.Json] = [
        {
            "name": each.name,
            "total": _band(each.total) if each.total else None,
            "tables": {
                name: {code: _band(cell) for code, cell in cells.items()}
                for name, cells in each.tables.items()
            },
        }
        for each in found.groups
    ]
    return {
        "authority": found.authority,
        "year": found.year,
        "as_of": views.instant(found.as_of.timestamp()),
        "groups": groups,
    }


def _band(band: Band) -> views.Json:
    return {"least": band.least, "most": band.most}
