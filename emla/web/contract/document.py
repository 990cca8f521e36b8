"""The OpenAPI 3.1 document of a server: made of the table of calls and the table of rights. Pure.

Nothing in it is secret or depends on the authority: a server of this version says the same everywhere.
"""

from collections.abc import Iterable, Iterator

import msgspec

from emla.model.codes import CODES
from emla.web.contract.call import (
    IF_MATCH,
    KEY,
    PLACES,
    REPLAYED_HEADER,
    Asked,
    Call,
    Octets,
    Parameter,
    Problem,
    statuses,
)

Json = dict[str, object]
Roles = frozenset[str] | None
_TEMPLATE = "#/components/schemas/{name}"
_ABOUT = (
    "What a case system, the command line and the Python client `emla.client` talk to. It is served on the Unix"
    " socket `emla.sock` of the data folder. Answers may gain members; a client lets members be that it does not know."
    " Technical delivery is never acceptance of a request."
)
_REPLAYED = "`true`: this call was made before, and this is what was answered then."
_STATUS_WORDS = {
    200: "Done.",
    201: "Done, and durable.",
    202: "It waits for approval, durably.",
    204: "Done; nothing is answered.",
    304: "It is as it was.",
}


def document(calls: Iterable[tuple[Call, Roles]], version: str) -> Json:
    """Make the document.

    Args:
        calls: in their order, each with the roles it is for: None for whoever may open the socket, an empty set for whoever
            has a token.
        version: of the software.
    """
    calls = tuple(calls)
    types = {id(each): each for call, _ in calls for each in _types(call)}
    shown, components = msgspec.json.schema_components(list(types.values()), ref_template=_TEMPLATE)
    schemas = dict(zip(types, shown, strict=True))
    strict = {each.__name__ for each in types.values() if isinstance(each, type) and issubclass(each, Asked)}
    for name, schema in components.items():
        if name not in strict:
            schema.pop("additionalProperties", None)
    paths: dict[str, Json] = {}
    for call, roles in calls:
        paths.setdefault(call.path, {})[call.method.lower()] = _operation(call, roles, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "emla authority API",
            "version": version,
            "description": _ABOUT,
            "license": {"name": "EUPL-1.2", "identifier": "EUPL-1.2"},
        },
        "servers": [
            {"url": "http://localhost", "description": "The Unix socket; a host name means nothing."}
        ],
        "security": [{"token": []}, {}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "Of a person on record. While nobody is on record, no call needs one.",
                }
            },
        },
    }


def operation_id(call: Call) -> str:
    """A name for a call: `get_messages_by_pid`."""
    words = [call.method.lower()]
    for each in call.path.removeprefix("/v1/").split("/"):
        words += ["by", each[1:-1]] if each.startswith("{") else [each.replace(".", "_")]
    return "_".join(words)


def _types(call: Call) -> Iterator[object]:
    yield Problem
    for each in (call.answer, call.takes):
        kind = each.front if isinstance(each, Octets) else each
        if kind is not None:
            yield kind
    for _, kind, _ in _places(call):
        yield kind
    for parameter in _parameters(call):
        yield parameter.type


def _places(call: Call) -> Iterator[tuple[str, object, str]]:
    for each in call.path.split("/"):
        if each.startswith("{"):
            name = each[1:-1]
            kind, words = PLACES[name]
            yield name, call.places.get(name, kind), words


def _parameters(call: Call) -> tuple[Parameter, ...]:
    keys = (KEY,) if call.takes_key else ()
    return (*call.query, *keys, *((IF_MATCH,) if call.conditional else ()))


def _operation(call: Call, roles: Roles, schemas: dict[int, Json]) -> Json:
    parameters: list[Json] = [
        {"name": name, "in": "path", "required": True, "description": words, "schema": schemas[id(kind)]}
        for name, kind, words in _places(call)
    ]
    parameters += [_parameter(each, schemas) for each in _parameters(call)]
    operation: Json = {
        "operationId": operation_id(call),
        "tags": [call.path.split("/")[2].partition(".")[0]],
        "summary": call.words,
        "x-emla-roles": sorted(roles) if roles is not None else ["anyone"],
        "responses": _answers(call, roles, schemas),
    }
    if parameters:
        operation["parameters"] = parameters
    if call.takes is not None:
        operation["requestBody"] = {"required": True, "content": _content(call.takes, schemas)}
    if call.stream:
        operation["x-emla-stream"] = call.stream
    if roles is None:
        operation["security"] = []
    return operation


def _parameter(each: Parameter, schemas: dict[int, Json]) -> Json:
    return {
        "name": each.name,
        "in": each.where,
        "required": each.required,
        "description": each.words,
        "schema": schemas[id(each.type)],
    }


def _content(kind: object, schemas: dict[int, Json]) -> Json:
    if isinstance(kind, Octets):
        content: Json = {"schema": {"description": kind.words}} if kind.words else {}
        if kind.front is not None:
            content["x-emla-front"] = schemas[id(kind.front)]
        return {kind.media: content}
    return {"application/json": {"schema": schemas[id(kind)]}}


def _answers(call: Call, roles: Roles, schemas: dict[int, Json]) -> Json:
    answers: Json = {}
    for status in call.status:
        answer: Json = {"description": _STATUS_WORDS[status]}
        if call.answer is not None and status not in (204, 304):
            answer["content"] = _content(call.answer, schemas)
        headers = dict(call.headers) | ({REPLAYED_HEADER: _REPLAYED} if call.takes_key else {})
        if headers:
            answer["headers"] = {
                name: {"description": words, "schema": {"type": "string"}} for name, words in headers.items()
            }
        answers[str(status)] = answer
    for status, codes in statuses(call.all_codes(is_open=roles is None)).items():
        answers[str(status)] = _refusal(status, codes, schemas)
    if call.conditional:
        answers["412"] = _refusal(412, ["case-changed"], schemas)
    return dict(sorted(answers.items()))


def _refusal(status: int, codes: list[str], schemas: dict[int, Json]) -> Json:
    words = " ".join(f"`{code}`: {CODES[code].meaning}" for code in codes)
    answer: Json = {
        "description": words,
        "content": {"application/problem+json": {"schema": schemas[id(Problem)]}},
    }
    header = {401: "WWW-Authenticate", 429: "Retry-After", 503: "Retry-After"}.get(status)
    if header:
        answer["headers"] = {header: {"schema": {"type": "string"}}}
    return answer
