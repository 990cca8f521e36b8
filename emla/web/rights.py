"""Rights: which role each call of the authority API is for. One table, one middleware; a call without a row is not served.

Rules of this file:
- Deny by default: `check_routes` ends the start of a server that has a call without a row.
- Who calls is known before anything of the call is read.
- Which cases a caller sees is not decided here but for each object, by `flow.people.sight`.
"""

from collections.abc import Mapping

from aiohttp import web
from aiohttp.typedefs import Handler

from emla.flow.people.tokens import Tokens
from emla.model.errors import ConfigurationError, NotFoundError
from emla.model.person import ALL_CASES, ALONE, CONTENT, Caller, PersonRole, Token

_PROSECUTOR, _CENTRAL, _POC = PersonRole.PROSECUTOR, PersonRole.CENTRAL_OFFICER, PersonRole.POC_247
_CUSTODIAN, _OPERATOR, _AUDITOR = PersonRole.KEY_CUSTODIAN, PersonRole.OPERATOR, PersonRole.AUDITOR

Roles = frozenset[PersonRole]
ANY_ROLE: Roles = frozenset(PersonRole)
SELF: Roles = frozenset()
"""For whoever has a token, also an invitation, which has no role: one's own token and password."""
OPEN = None
"""For whoever may open the socket: where a token is asked for with a password."""

_KEYS: Roles = frozenset({_CUSTODIAN, _AUDITOR})
_CUSTODIANS: Roles = frozenset({_CUSTODIAN})
_WRITERS: Roles = frozenset({_PROSECUTOR, _CENTRAL, _POC})
RELEASERS: Roles = frozenset({_CENTRAL, _POC})
"""Who may hand over what the malware scanner keeps back."""
_APPROVERS: Roles = frozenset({PersonRole.APPROVER})
_QUEUE: Roles = frozenset({_OPERATOR, _CENTRAL})
_LOOK_AT_QUEUE: Roles = ALL_CASES | {_OPERATOR, _AUDITOR}
_HEARERS: Roles = CONTENT | {_OPERATOR}
_PEOPLE: Roles = frozenset({_CUSTODIAN, _AUDITOR, _CENTRAL})

OPERATIONS: Mapping[tuple[str, str], Roles | None] = {
    ("GET", "/v1/status"): ANY_ROLE,
    ("GET", "/v1/openapi.json"): OPEN,
    ("POST", "/v1/messages"): _WRITERS,
    ("GET", "/v1/messages"): CONTENT | {_OPERATOR},
    ("GET", "/v1/messages/{pid}"): CONTENT | {_OPERATOR},
    ("GET", "/v1/messages/{pid}/parts/{number}"): CONTENT,
    ("POST", "/v1/messages/{pid}/release"): _QUEUE,
    ("POST", "/v1/messages/{pid}/parts/{number}/scan"): CONTENT,
    ("POST", "/v1/messages/{pid}/parts/{number}/release"): RELEASERS,
    ("GET", "/v1/quarantine"): CONTENT | {_OPERATOR},
    ("POST", "/v1/drafts"): _WRITERS,
    ("GET", "/v1/drafts"): CONTENT,
    ("GET", "/v1/drafts/{id}"): CONTENT,
    ("DELETE", "/v1/drafts/{id}"): _WRITERS,
    ("GET", "/v1/drafts/{id}/parts/{number}"): CONTENT,
    ("POST", "/v1/drafts/{id}/approve"): _APPROVERS,
    ("POST", "/v1/drafts/{id}/return"): _APPROVERS,
    ("GET", "/v1/alone"): ALL_CASES | {_AUDITOR},
    ("POST", "/v1/alone/{message_id}/review"): _APPROVERS,
    ("GET", "/v1/cases"): CONTENT,
    ("GET", "/v1/cases/{case_id}"): CONTENT,
    ("GET", "/v1/cases/{case_id}/timeline"): CONTENT,
    ("POST", "/v1/cases/{case_id}/acts"): _WRITERS,
    ("POST", "/v1/cases/{case_id}/acts/preview"): _WRITERS,
    ("GET", "/v1/cases/{case_id}/erasure"): CONTENT,
    ("POST", "/v1/cases/{case_id}/erasure"): frozenset({_CENTRAL}),
    ("POST", "/v1/cases/{case_id}/erasure/approve"): _APPROVERS,
    ("POST", "/v1/cases/{case_id}/erasure/cancel"): frozenset({_CENTRAL, PersonRole.APPROVER}),
    ("GET", "/v1/cases/{case_id}/accesses"): CONTENT,
    ("POST", "/v1/cases/{case_id}/accesses"): CONTENT,
    ("PUT", "/v1/cases/{case_id}/hold"): frozenset({_CENTRAL}),
    ("DELETE", "/v1/cases/{case_id}/hold"): frozenset({_CENTRAL}),
    ("PUT", "/v1/cases/{case_id}/people/{name}"): frozenset({_CENTRAL}),
    ("DELETE", "/v1/cases/{case_id}/people/{name}"): frozenset({_CENTRAL}),
    ("GET", "/v1/events"): _HEARERS,
    ("GET", "/v1/webhooks"): _HEARERS,
    ("POST", "/v1/webhooks"): _HEARERS,
    ("GET", "/v1/webhooks/{id}"): _HEARERS,
    ("DELETE", "/v1/webhooks/{id}"): _HEARERS,
    ("POST", "/v1/webhooks/{id}/test"): _HEARERS,
    ("POST", "/v1/webhooks/{id}/pause"): _HEARERS,
    ("POST", "/v1/webhooks/{id}/resume"): _HEARERS,
    ("GET", "/v1/statistics"): ALL_CASES | {_AUDITOR},
    ("GET", "/v1/documents"): ANY_ROLE,
    ("GET", "/v1/peers"): ANY_ROLE,
    ("GET", "/v1/peers/{authority}"): ANY_ROLE,
    ("POST", "/v1/peers"): frozenset({_CUSTODIAN, _OPERATOR}),
    ("POST", "/v1/peers/{authority}/ping"): _QUEUE,
    ("DELETE", "/v1/peers/{authority}"): frozenset({_CUSTODIAN, _OPERATOR}),
    ("GET", "/v1/legs"): _LOOK_AT_QUEUE,
    ("GET", "/v1/legs/{id}"): _LOOK_AT_QUEUE,
    ("POST", "/v1/legs/{id}/retry"): _QUEUE,
    ("POST", "/v1/legs/{id}/hold"): _QUEUE,
    ("POST", "/v1/legs/{id}/release"): _QUEUE,
    ("GET", "/v1/keys"): _KEYS,
    ("GET", "/v1/officers"): _KEYS,
    ("GET", "/v1/changes"): _KEYS,
    ("GET", "/v1/changes/{hash}"): _KEYS,
    ("POST", "/v1/changes"): _CUSTODIANS,
    ("POST", "/v1/changes/{hash}/approvals"): _CUSTODIANS,
    ("POST", "/v1/changes/{hash}/publish"): _CUSTODIANS,
    ("POST", "/v1/revocations"): _CUSTODIANS,
    ("GET", "/v1/ledger"): frozenset({_CENTRAL, _OPERATOR, _AUDITOR, _CUSTODIAN}),
    ("POST", "/v1/ledger/gone"): frozenset({_OPERATOR}),
    ("POST", "/v1/backups"): frozenset({_OPERATOR}),
    ("GET", "/v1/profile"): ANY_ROLE,
    ("PUT", "/v1/profile"): frozenset({_CENTRAL, _OPERATOR}),
    ("GET", "/v1/people"): _PEOPLE,
    ("POST", "/v1/people"): _CUSTODIANS,
    ("GET", "/v1/people/{name}"): _PEOPLE,
    ("PUT", "/v1/people/{name}/roles"): _CUSTODIANS,
    ("POST", "/v1/people/{name}/disable"): _CUSTODIANS,
    ("POST", "/v1/people/{name}/invite"): _CUSTODIANS,
    ("GET", "/v1/self"): SELF,
    ("PUT", "/v1/self/password"): SELF,
    ("POST", "/v1/self/tokens"): SELF,
    ("DELETE", "/v1/tokens/{id}"): SELF,
    ("POST", "/v1/login"): OPEN,
    ("GET", "/v1/reads"): frozenset({_AUDITOR}),
}
"""Method and path of a call, and the roles it is for."""

_CALLER = web.RequestKey("caller", Caller)
_TOKEN = web.RequestKey("token", Token)


def caller_of(http_request: web.Request) -> Caller:
    """Who makes a call."""
    return http_request[_CALLER]


def token_of(http_request: web.Request) -> Token | None:
    """The token that a call bears."""
    return http_request.get(_TOKEN)


def check_routes(router: web.UrlDispatcher) -> None:
    """Refuse to serve calls for which nobody has said whom they are for.

    Raises:
        RuntimeError: a programmer's error.
    """
    for route in router.routes():
        method, path = operation_of(route)
        if (method, path) not in OPERATIONS:
            raise RuntimeError(f"{method} {path} has no row in emla.web.rights.OPERATIONS.")


def sees_every_envelope(caller: Caller) -> bool:
    """Whether a caller sees that a package is there, whosever case it is: operators, who see no content, and who sees all."""
    return caller.sees_all_cases or PersonRole.OPERATOR in caller.roles


class Rights:
    """Stands between the socket and the handlers of the authority API."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let a call through to those whom it is for."""  # aiohttp names the arguments
        wanted = OPERATIONS.get(operation_of(request.match_info.route), ANY_ROLE)
        if wanted is OPEN:
            return await handler(request)
        caller, token = self._tokens.caller(_bearer(request))
        request[_CALLER] = caller
        if token is not None:
            request[_TOKEN] = token
        if caller is ALONE:
            return await handler(request)
        if request.match_info.http_exception is not None:
            raise NotFoundError("not-found", "There is no such call.")
        if wanted and not caller.roles & wanted:
            roles = ", ".join(sorted(wanted))
            raise ConfigurationError("not-allowed", f"It is for: {roles}.")
        return await handler(request)

    def caller_still(self, http_request: web.Request) -> Caller:
        """Who makes a call that has been going on for a while, as things stand now.

        Raises:
            ConfigurationError: ``not-authenticated`` or ``not-allowed``: it must not go on.
        """
        caller, _ = self._tokens.caller(_bearer(http_request))
        wanted = OPERATIONS.get(operation_of(http_request.match_info.route)) or ANY_ROLE
        if caller is not ALONE and not caller.roles & wanted:
            raise ConfigurationError("not-allowed", "It is for other roles.")
        return caller


def operation_of(route: web.AbstractRoute) -> tuple[str, str]:
    """Method and path of a call, as the tables have them."""
    resource = route.resource
    return ("GET" if route.method == "HEAD" else route.method, resource.canonical if resource else "")


def _bearer(http_request: web.Request) -> str | None:
    kind, _, text = http_request.headers.get("Authorization", "").partition(" ")
    return text.strip() if kind.lower() == "bearer" else None
