"""A running authority with people on record, and calls in their names."""

import secrets
from dataclasses import dataclass, field
from typing import cast

from emla.model.person import PersonRole
from tests.support.calls import Json
from tests.support.messages import ATTACHMENT_NAME, Template
from tests.support.servers import Server, submission

STAFF = {
    "kay": [PersonRole.KEY_CUSTODIAN],
    "cara": [PersonRole.CENTRAL_OFFICER, PersonRole.CLEARED],
    "paul": [PersonRole.PROSECUTOR, PersonRole.CLEARED],
    "petra": [PersonRole.PROSECUTOR, PersonRole.CLEARED],
    "otto": [PersonRole.OPERATOR],
    "ada": [PersonRole.AUDITOR],
}
"""One of each, and two prosecutors."""


@dataclass
class Staff:
    """Who works at a server's authority. `tokens` by name."""

    server: Server
    tokens: dict[str, str] = field(default_factory=dict)

    async def call(
        self, who: str | None, method: str, path: str, body: Json | None = None
    ) -> tuple[int, Json, bytes]:
        """Make a call in somebody's name, or in nobody's: status, answer, bytes."""
        headers = {"Authorization": f"Bearer {self.tokens.get(who, who)}"} if who else {}
        async with self.server.client() as client:
            answer = await client.request(method, path, json=body, headers=headers)
            raw = await answer.read()
            is_json = "json" in answer.content_type
            return answer.status, cast(Json, await answer.json(content_type=None)) if is_json else {}, raw

    async def code(self, who: str | None, method: str, path: str, body: Json | None = None) -> str:
        """The code with which a call is refused; "ok" when it is not."""
        status, answer, _ = await self.call(who, method, path, body)
        return str(answer["code"]) if status >= 400 else "ok"

    async def add(self, by: str | None, name: str, roles: list[PersonRole]) -> str:
        """Put somebody on record; the invitation."""
        body: Json = {"name": name, "full_name": name.title(), "roles": [each.value for each in roles]}
        status, answer, _ = await self.call(by, "POST", "/v1/people", body)
        assert status == 201, answer
        return str(answer["invitation"])

    async def take(self, name: str, invitation: str, **wanted: object) -> str:
        """Take a token with an invitation."""
        status, answer, _ = await self.call(
            invitation, "POST", "/v1/self/tokens", {"label": "test", **wanted}
        )
        assert status == 201, answer
        self.tokens[name] = str(answer["token"])
        return self.tokens[name]

    async def hire(self) -> None:
        """Put everybody of `STAFF` on record, the key custodian first."""
        by: str | None = None
        for name, roles in STAFF.items():
            await self.take(name, await self.add(by, name, roles))
            by = "kay"

    async def submit(self, who: str, template: Template, case_id: bytes | None = None) -> tuple[int, Json]:
        """Hand a message in, of a new case unless one is given."""
        main = template.fill(secrets.token_bytes(16), case_id or secrets.token_bytes(16))
        headers = {"Authorization": f"Bearer {self.tokens[who]}"}
        async with self.server.client() as client:
            body = submission(main, [(ATTACHMENT_NAME, template.attachment)])
            answer = await client.post("/v1/messages", data=body, headers=headers)
            return answer.status, cast(Json, await answer.json(content_type=None))
