"""The part of the authority API about our own profile: what we say of ourselves, and what we want of requests. Thin."""

from typing import cast

from aiohttp import web

from emla.flow.documents.profile import ChangeProfile
from emla.formats.profile_members import members_of
from emla.formats.strict_json import INTEGER_MAX, Json
from emla.model.documents import Profile
from emla.model.errors import InvalidMessageError
from emla.web import views
from emla.web.bodies import json_body


class ProfileApi:
    """The handlers, around the journey they start; gateway and hub have them alike."""

    def __init__(self, change: ChangeProfile) -> None:
        self._change = change

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Add the calls to an application."""
        router.add_get("/v1/profile", self.get_profile)
        router.add_put("/v1/profile", self.put_profile)

    async def get_profile(self, http_request: web.Request) -> web.Response:
        """GET /v1/profile: the profile in force."""
        return _shown(self._change.profile)

    async def put_profile(self, http_request: web.Request) -> web.Response:
        """PUT /v1/profile: publish another one in the place of the version that the caller has seen."""
        body = await json_body(http_request)
        version, members = body.get("version"), body.get("profile")
        if not isinstance(version, int) or isinstance(version, bool) or not 0 < version <= INTEGER_MAX:
            raise InvalidMessageError("bad-request", "'version' is the version that is to be replaced.")
        if not isinstance(members, dict):
            raise InvalidMessageError("bad-request", "'profile' is an object of all its members.")
        # Whatever is in it: the reader of profiles says what is none.
        return _shown(await self._change(cast("dict[str, Json]", members), version))


def _shown(profile: Profile) -> web.Response:
    return views.answer(
        {
            "version": profile.version,
            "created": views.instant(profile.created),
            "profile": cast("views.Json", members_of(profile)),
        }
    )
