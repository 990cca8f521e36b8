"""The legs of the fake authority API: listed, shown, tried, held and released."""

from collections.abc import Callable

from aiohttp import web

Body = dict[str, object]


def routes(
    legs: Callable[[web.Request], list[Body]], problem: Callable[[str], web.Response], at: str
) -> list[web.RouteDef]:
    """The calls.

    Args:
        legs: where a request's legs are kept.
        problem: makes the answer of a code.
        at: the instant at which everything happens.
    """

    async def listed(request: web.Request) -> web.Response:
        wanted, peer = request.query.get("state"), request.query.get("peer")
        found = [
            each for each in legs(request) if wanted in (None, each["state"]) and peer in (None, each["peer"])
        ]
        for flag, member in (("overdue", "overdue"), ("dead", "owner")):
            if request.query.get(flag) == "1":
                found = [each for each in found if each.get(member)]
        return web.json_response({"items": found})

    def named(request: web.Request) -> Body | None:
        return next((each for each in legs(request) if str(each["id"]) == request.match_info["id"]), None)

    async def one(request: web.Request) -> web.Response:
        found = named(request)
        return web.json_response(found) if found else problem("not-found")

    async def act(request: web.Request) -> web.Response:
        found, what = named(request), request.match_info["act"]
        if found is None:
            return problem("not-found")
        if what == "retry":
            found["attempts"] = int(str(found["attempts"])) + 1
        elif found["state"] != {"hold": "READY", "release": "HELD"}[what]:
            return problem("wrong-state")
        elif what == "hold":
            reason = (await request.json())["reason"]
            found.update(state="HELD", reason="held", detail=reason, held_since=at, owner="your operator")
        else:
            found.update(state="READY", reason=None, detail=None, held_since=None, owner=None)
        return web.json_response(found)

    return [
        web.get("/v1/legs", listed),
        web.get("/v1/legs/{id}", one),
        web.post("/v1/legs/{id}/{act:retry|hold|release}", act),
    ]
