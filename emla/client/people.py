"""Calls about people, tokens and reads; part of `emla.client.client.Client`."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from emla.client.accesses import AccessCalls
from emla.client.erasure import ErasureCalls
from emla.client.people_answers import ContentRead, Myself, Person, Token
from emla.client.reading import Answer


class PeopleCalls(AccessCalls, ErasureCalls):
    """Who is on record, and what they may do."""

    @abstractmethod
    async def _get(
        self, path: str, what: str, query: dict[str, str] | None = None, wait_seconds: float = 0
    ) -> Answer:
        """Make a call that reads."""

    @abstractmethod
    async def _post(
        self, path: str, what: str, body: Mapping[str, object], *, method: str = "POST"
    ) -> Answer:
        """Make a call that changes something."""

    async def myself(self) -> Myself:
        """Who the server says is calling."""
        return Myself.read(await self._get("/v1/self", "self"))

    async def people(self) -> tuple[Person, ...]:
        """Everybody on record, by name."""
        return tuple(map(Person.read, (await self._get("/v1/people", "people")).items("items")))

    async def person(self, name: str) -> Person:
        """One person, with tokens and cases."""
        return Person.read(await self._get(_path(name), "person"))

    async def add_person(self, name: str, full_name: str, roles: Sequence[str]) -> Person:
        """Put somebody on record; the answer has the invitation, once."""
        body = {"name": name, "full_name": full_name, "roles": list(roles)}
        return Person.read(await self._post("/v1/people", "person", body))

    async def change_roles(self, name: str, roles: Sequence[str]) -> Person:
        """Give a person these roles, and no others."""
        body = {"roles": list(roles)}
        return Person.read(await self._post(f"{_path(name)}/roles", "person", body, method="PUT"))

    async def disable_person(self, name: str) -> Person:
        """Shut a person out."""
        return Person.read(await self._post(f"{_path(name)}/disable", "person", {}))

    async def invite_person(self, name: str) -> Person:
        """Let a person in again; the answer has the invitation, once."""
        return Person.read(await self._post(f"{_path(name)}/invite", "person", {}))

    async def name_for_case(self, name: str, case_id: str, *, named: bool) -> Person:
        """Let a person see a case, or no longer."""
        path = f"/v1/cases/{quote(case_id, safe='')}/people/{quote(name, safe='')}"
        return Person.read(await self._post(path, "person", {}, method="PUT" if named else "DELETE"))

    async def change_password(self, today: str, password: str) -> None:
        """Change one's own password."""
        await self._post(
            "/v1/self/password", "password", {"today": today, "password": password}, method="PUT"
        )

    async def take_token(
        self, label: str, *, days: int | None = None, roles: Sequence[str] = (), password: str | None = None
    ) -> Token:
        """A token for oneself. `password`: with an invitation only, sets it too."""
        body = _wanted(label, days, roles) | ({"password": password} if password else {})
        return Token.read(await self._post("/v1/self/tokens", "token", body))

    async def log_in(
        self, name: str, password: str, label: str, *, days: int | None = None, roles: Sequence[str] = ()
    ) -> Token:
        """A token for whoever knows a person's password."""
        body = _wanted(label, days, roles) | {"name": name, "password": password}
        return Token.read(await self._post("/v1/login", "token", body))

    async def revoke_token(self, token_id: str) -> Token:
        """End a token."""
        path = f"/v1/tokens/{quote(token_id, safe='')}"
        return Token.read(await self._post(path, "token", {}, method="DELETE"))

    async def reads(
        self, *, person: str | None = None, package: str | None = None, limit: int = 100
    ) -> tuple[ContentRead, ...]:
        """Who read which content, and who asked in vain; the newest first."""
        query = {"limit": str(limit)} | ({"person": person} if person else {})
        query |= {"package": package} if package else {}
        return tuple(map(ContentRead.read, (await self._get("/v1/reads", "reads", query)).items("items")))


def _wanted(label: str, days: int | None, roles: Sequence[str]) -> dict[str, object]:
    body: dict[str, object] = {"label": label}
    if days is not None:
        body["days"] = days
    if roles:
        body["roles"] = list(roles)
    return body


def _path(name: str) -> str:
    return f"/v1/people/{quote(name, safe='')}"
