"""The part of the authority API that is about people, tokens and passwords (docs/reference/authority-api.md). Thin."""

import asyncio
import re

from aiohttp import web

from emla.flow.gateway import Gateway
from emla.flow.line.four_eyes import is_needed
from emla.flow.people.people import People
from emla.flow.people.reads import READS_MAX, Reads
from emla.flow.people.tokens import DAYS_MAX, Tokens
from emla.formats import strict_json
from emla.formats.strict_json import Members
from emla.keyring import password as passwords
from emla.model.errors import (
    ConfigurationError,
    InvalidMessageError,
    MalformedError,
    NotFoundError,
    TransportError,
)
from emla.model.person import Person, PersonRole, PersonState, Token
from emla.web import views
from emla.web.bodies import whole_body
from emla.web.budget import Budget
from emla.web.queries import integer
from emla.web.rights import caller_of, token_of

NAME = re.compile(r"[a-z][a-z0-9._-]{0,62}[a-z0-9]", re.ASCII)
_CASE = re.compile(r"[0-9a-f]{32}", re.ASCII)
_BODY_BYTES_MAX = 16 * 1024
_GUESSES_PER_MINUTE = 5
_DAYS = 90


class PeopleApi:
    """The handlers, around the journeys they start."""

    def __init__(self, gateway: Gateway, people: People, tokens: Tokens, reads: Reads) -> None:
        self._gateway = gateway
        self._people = people
        self._tokens = tokens
        self._reads = reads
        self._guesses = Budget(_GUESSES_PER_MINUTE)
        # One at a time: however many guess at once, they take 64 MiB and one core.
        self._hashing = asyncio.Lock()

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Add the calls to the authority API's application."""
        router.add_get("/v1/people", self.get_people)
        router.add_post("/v1/people", self.post_person)
        router.add_get("/v1/people/{name}", self.get_person)
        router.add_put("/v1/people/{name}/roles", self.put_roles)
        router.add_post("/v1/people/{name}/disable", self.post_disable)
        router.add_post("/v1/people/{name}/invite", self.post_invite)
        router.add_put("/v1/cases/{case_id}/people/{name}", self.put_case_person)
        router.add_delete("/v1/cases/{case_id}/people/{name}", self.delete_case_person)
        router.add_get("/v1/self", self.get_self)
        router.add_put("/v1/self/password", self.put_password)
        router.add_post("/v1/self/tokens", self.post_token)
        router.add_delete("/v1/tokens/{id}", self.delete_token)
        router.add_post("/v1/login", self.post_login)
        router.add_get("/v1/reads", self.get_reads)

    # --- people ---

    async def get_people(self, http_request: web.Request) -> web.Response:
        """GET /v1/people: everybody on record, by name."""
        return views.answer({"items": [_person(each) for each in self._gateway.store.read.people()]})

    async def get_person(self, http_request: web.Request) -> web.Response:
        """GET /v1/people/{name}: a person with tokens and cases; by name or id."""
        return self._one(self._named(http_request))

    async def post_person(self, http_request: web.Request) -> web.Response:
        """POST /v1/people: put somebody on record; the answer has the invitation, once."""
        members = await _members(http_request, "person")
        try:
            name, full_name = members.text("name", NAME), members.line("full_name", longest=120)
            roles = _roles(members)
            members.finish()
        except MalformedError as error:
            raise InvalidMessageError("bad-request", error.detail) from error
        person, invitation = await self._people.add(
            caller_of(http_request), name=name, full_name=full_name, roles=roles
        )
        return views.answer(_person(person) | {"invitation": invitation}, status=201)

    async def put_roles(self, http_request: web.Request) -> web.Response:
        """PUT /v1/people/{name}/roles: these roles, and no others."""
        person, members = self._named(http_request), await _members(http_request, "roles")
        try:
            roles = _roles(members)
            members.finish()
        except MalformedError as error:
            raise InvalidMessageError("bad-request", error.detail) from error
        return self._one(await self._people.change_roles(caller_of(http_request), person, roles))

    async def post_disable(self, http_request: web.Request) -> web.Response:
        """POST /v1/people/{name}/disable: shut a person out."""
        return self._one(await self._people.disable(caller_of(http_request), self._named(http_request)))

    async def post_invite(self, http_request: web.Request) -> web.Response:
        """POST /v1/people/{name}/invite: what the person had ends; the answer has a new invitation, once."""
        person = self._named(http_request)
        invitation = await self._people.invite(caller_of(http_request), person)
        return views.answer(_person(self._people.one(person.id)) | {"invitation": invitation}, status=201)

    async def put_case_person(self, http_request: web.Request) -> web.Response:
        """PUT /v1/cases/{case_id}/people/{name}: let a person see a case."""
        person = self._named(http_request)
        await self._people.name_for_case(caller_of(http_request), person, _case(http_request))
        return self._one(person)

    async def delete_case_person(self, http_request: web.Request) -> web.Response:
        """DELETE /v1/cases/{case_id}/people/{name}: let a person see a case no longer."""
        person = self._named(http_request)
        await self._people.unname_for_case(caller_of(http_request), person, _case(http_request))
        return self._one(person)

    def _named(self, http_request: web.Request) -> Person:
        return self._people.one(http_request.match_info["name"])

    def _one(self, person: Person) -> web.Response:
        read = self._gateway.store.read
        return views.answer(
            _person(person)
            | {
                "tokens": [_token(each) for each in read.tokens(person.id)],
                "cases": [each.hex() for each in read.cases_named(person.id)],
            }
        )

    # --- oneself ---

    async def get_self(self, http_request: web.Request) -> web.Response:
        """GET /v1/self: who the server says is calling."""
        caller, token = caller_of(http_request), token_of(http_request)
        return views.answer(
            {
                "id": caller.id,
                "name": caller.name,
                "alone": caller.alone,
                "roles": sorted(caller.roles),
                "token": token.id if token else None,
                "tokens": [_token(each) for each in self._gateway.store.read.tokens(caller.id)],
                "needs_approval": not caller.alone and is_needed(self._gateway, self._gateway.store.read),
            }
        )

    async def put_password(self, http_request: web.Request) -> web.Response:
        """PUT /v1/self/password: another password, for whoever knows that of today."""
        person, invitation = self._myself(http_request)
        members = await _members(http_request, "password")
        try:
            wanted = members.text("password")
            today = members.text("today")
            members.finish()
        except MalformedError as error:
            raise InvalidMessageError("bad-request", error.detail) from error
        if invitation is not None:
            raise ConfigurationError(
                "not-allowed", "With an invitation take a token, and set the password there."
            )
        await self._require_password(person.name, today)
        await self._tokens.set_password(person, await self._hash(wanted))
        return views.answer(_person(self._people.one(person.id)))

    async def _hash(self, wanted: str) -> bytes:
        if not passwords.LEAST_CHARACTERS <= len(wanted) <= passwords.MOST_CHARACTERS:
            words = (
                f"A password has from {passwords.LEAST_CHARACTERS} to {passwords.MOST_CHARACTERS} characters."
            )
            raise InvalidMessageError("bad-request", words)
        async with self._hashing:
            return await asyncio.to_thread(passwords.hash_password, wanted)

    async def post_token(self, http_request: web.Request) -> web.Response:
        """POST /v1/self/tokens: a token for oneself; the answer has it, once."""
        person, invitation = self._myself(http_request)
        members = await _members(http_request, "token")
        most = person.roles if invitation else caller_of(http_request).roles
        return await self._made(members, person, most, invitation)

    async def post_login(self, http_request: web.Request) -> web.Response:
        """POST /v1/login: a token for whoever knows a person's password."""
        members = await _members(http_request, "login")
        try:
            name, secret = members.text("name", NAME), members.text("password")
        except MalformedError as error:
            raise InvalidMessageError("bad-request", error.detail) from error
        person = await self._require_password(name, secret)
        return await self._made(members, person, person.roles, None)

    async def _made(
        self, members: Members, person: Person, most: frozenset[PersonRole], invitation: Token | None
    ) -> web.Response:
        try:
            roles = _roles(members) if members.has("roles") else most
            label = members.line("label", longest=60)
            days = members.integer("days", 1, DAYS_MAX) if members.has("days") else _DAYS
            # Only with an invitation: whoever found somebody's token must not make a password of it.
            wanted = members.text("password") if invitation and members.has("password") else None
            members.finish()
        except MalformedError as error:
            raise InvalidMessageError("bad-request", error.detail) from error
        if not roles <= most:
            raise InvalidMessageError(
                "not-allowed", "A token has no more roles than the one it is taken with."
            )
        token, text = await self._tokens.make(
            person,
            roles=roles,
            label=label,
            days=days,
            invitation=invitation,
            password=await self._hash(wanted) if wanted is not None else None,
        )
        return views.answer(_token(token) | {"token": text}, status=201)

    async def delete_token(self, http_request: web.Request) -> web.Response:
        """DELETE /v1/tokens/{id}: end a token of one's own; a key custodian ends anybody's."""
        token = await self._tokens.revoke(caller_of(http_request), http_request.match_info["id"])
        return views.answer(_token(token))

    def _myself(self, http_request: web.Request) -> tuple[Person, Token | None]:
        caller, token = caller_of(http_request), token_of(http_request)
        if caller.alone or token is None:
            raise NotFoundError("not-found", "There is nobody on record yet: begin with a key custodian.")
        return self._people.one(caller.id), token if not token.roles else None

    async def _require_password(self, name: str, secret: str) -> Person:
        """The active person whose password this is; what is wrong is not told, and costs a guess.

        Raises:
            TransportError: ``guessing``.
            ConfigurationError: ``not-authenticated``.
        """
        now = asyncio.get_running_loop().time()
        if not self._guesses.spend(name, now):
            self._guesses.fine(name, now)
            raise TransportError("guessing")
        person = self._gateway.store.read.person(name)
        is_open = person is not None and person.state is PersonState.ACTIVE and person.name == name
        kept = person.password if person is not None and is_open else None
        async with self._hashing:
            is_right = await asyncio.to_thread(passwords.is_password, kept, secret[:1024])
        if person is None or not is_right:
            raise ConfigurationError("not-authenticated", "Name and password do not go together.")
        return person

    # --- reads ---

    async def get_reads(self, http_request: web.Request) -> web.Response:
        """GET /v1/reads: who read which content, and who asked in vain; the newest first."""
        query = http_request.query
        most = min(READS_MAX, integer(query.get("limit", "100")))
        person = self._people.one(query["person"]).id if "person" in query else None
        found = self._reads.newest(person=person, package=query.get("package"), limit=most)
        names = {each.id: each.name for each in self._gateway.store.read.people()}
        return views.answer(
            {"items": [each | {"name": names.get(str(each["person"]), "")} for each in found]}
        )


def _person(person: Person) -> views.Json:
    return {
        "id": person.id,
        "name": person.name,
        "full_name": person.full_name,
        "roles": sorted(person.roles),
        "state": person.state.value,
        "created_at": views.instant(person.created_at),
        "has_password": person.password is not None,
    }


def _token(token: Token) -> views.Json:
    return {
        "id": token.id,
        "person": token.person,
        "roles": sorted(token.roles),
        "label": token.label,
        "invitation": not token.roles,
        "created_at": views.instant(token.created_at),
        "expires_at": views.instant(token.expires_at),
        "revoked_at": views.instant(token.revoked_at),
    }


async def _members(http_request: web.Request, what: str) -> Members:
    try:
        return Members(strict_json.decode(await whole_body(http_request), _BODY_BYTES_MAX), what)
    except MalformedError as error:
        raise InvalidMessageError("bad-request", error.detail) from error


def _roles(members: Members) -> frozenset[PersonRole]:
    try:
        found = frozenset(PersonRole(each) for each in members.texts("roles", len(PersonRole)))
    except ValueError as error:
        raise InvalidMessageError("bad-request", f"A role is one of {', '.join(PersonRole)}.") from error
    if not found:
        raise InvalidMessageError("bad-request", "Somebody on record has at least one role.")
    return found


def _case(http_request: web.Request) -> bytes:
    case_id = http_request.match_info["case_id"]
    if not _CASE.fullmatch(case_id):
        raise NotFoundError("not-found", "A case id has 32 hexadecimal digits.")
    return bytes.fromhex(case_id)
