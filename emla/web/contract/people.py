"""Calls about people, tokens, passwords and reads."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from emla.model.person import PersonRole, PersonState
from emla.web.contract.call import LIMIT, Asked, Call, Count, Digits32, Instant, Items, Parameter, Shape

Name = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9._-]{0,62}[a-z0-9]$")]
Roles = Annotated[
    list[PersonRole], Meta(min_length=1, max_length=len(PersonRole), extra_json_schema={"uniqueItems": True})
]
Label = Annotated[str, Meta(min_length=1, max_length=60)]
Days = Annotated[int, Meta(ge=1, le=366)]
Password = Annotated[str, Meta(min_length=12, max_length=256)]


class Token(Shape, frozen=True, kw_only=True):
    """What is known of a token; the answer that makes one has `token` as well, its text, once."""

    id: str
    person: str
    roles: list[PersonRole]
    label: str
    invitation: bool
    created_at: Instant
    expires_at: Instant
    revoked_at: Instant | None


class NewToken(Token, frozen=True, kw_only=True):
    """A token, with its text."""

    token: str


class Person(Shape, frozen=True, kw_only=True):
    """Somebody on record."""

    id: str
    name: str
    full_name: str
    roles: list[PersonRole]
    state: PersonState
    created_at: Instant
    has_password: bool


class PersonInFull(Person, frozen=True, kw_only=True):
    """Somebody on record, with tokens and the ids of cases."""

    tokens: list[Token]
    cases: list[Digits32]


class Invited(Person, frozen=True, kw_only=True):
    """Somebody on record, with the text of an invitation."""

    invitation: str


class Myself(Shape, frozen=True, kw_only=True):
    """Who the server says is calling; `alone`: nobody is on record."""

    id: str
    name: str
    alone: bool
    roles: list[PersonRole]
    token: str | None
    tokens: list[Token]
    needs_approval: bool


class NewPerson(Asked, frozen=True, kw_only=True):
    """Somebody who is put on record."""

    name: Name
    full_name: Annotated[str, Meta(min_length=1, max_length=120)]
    roles: Roles


class NewRoles(Asked, frozen=True, kw_only=True):
    """Roles in the place of those of today."""

    roles: Roles


class NewPassword(Asked, frozen=True, kw_only=True):
    """The password of today, and another one."""

    today: str
    password: Password


class TokenWanted(Asked, frozen=True, kw_only=True):
    """A token for oneself; `password` counts with an invitation only."""

    label: Label
    days: Days | UnsetType = UNSET
    roles: Roles | UnsetType = UNSET
    password: Password | UnsetType = UNSET


class Login(Asked, frozen=True, kw_only=True):
    """A token for whoever knows a password."""

    name: Name
    password: str
    label: Label
    days: Days | UnsetType = UNSET
    roles: Roles | UnsetType = UNSET


class Read(Shape, frozen=True, kw_only=True):
    """Who read what, or asked in vain."""

    at: Instant
    person: str
    name: str
    role: PersonRole | None
    what: str
    id: str
    part: Count | None
    scan: str | None
    allowed: bool
    why: str | None


CALLS = (
    Call(method="GET", path="/v1/self", words="Who is calling.", answer=Myself),
    Call(
        method="PUT",
        path="/v1/self/password",
        words="Another password for oneself.",
        takes=NewPassword,
        keyed=False,  # a password may be in it, and a token is not kept where it was made
        answer=Person,
        codes=("not-found", "guessing"),
    ),
    Call(
        method="POST",
        path="/v1/self/tokens",
        words="A token for oneself.",
        takes=TokenWanted,
        keyed=False,  # a password may be in it, and a token is not kept where it was made
        answer=NewToken,
        status=(201,),
        codes=("not-found",),
    ),
    Call(
        method="POST",
        path="/v1/login",
        words="A token for whoever knows a name and its password.",
        takes=Login,
        keyed=False,  # a password may be in it, and a token is not kept where it was made
        answer=NewToken,
        status=(201,),
        codes=("not-authenticated", "not-allowed", "guessing"),
    ),
    Call(method="DELETE", path="/v1/tokens/{id}", words="Ends a token.", answer=Token),
    Call(method="GET", path="/v1/people", words="Everybody on record, by name.", answer=Items[Person]),
    Call(
        method="POST",
        path="/v1/people",
        words="Puts somebody on record.",
        takes=NewPerson,
        answer=Invited,
        status=(201,),
        codes=("name-taken", "role-conflict", "no-custodian"),
    ),
    Call(method="GET", path="/v1/people/{name}", words="A person.", answer=PersonInFull),
    Call(
        method="PUT",
        path="/v1/people/{name}/roles",
        words="These roles, and no others, at once.",
        takes=NewRoles,
        answer=PersonInFull,
        codes=("own-rights", "role-conflict", "no-custodian"),
    ),
    Call(
        method="POST",
        path="/v1/people/{name}/disable",
        words="Shuts somebody out.",
        answer=PersonInFull,
        codes=("own-rights", "no-custodian"),
    ),
    Call(
        method="POST",
        path="/v1/people/{name}/invite",
        words="Lets somebody in again.",
        answer=Invited,
        status=(201,),
        codes=("own-rights", "no-custodian"),
    ),
    Call(
        method="PUT",
        path="/v1/cases/{case_id}/people/{name}",
        words="Lets somebody see a case; the id is whole.",
        answer=PersonInFull,
    ),
    Call(
        method="DELETE",
        path="/v1/cases/{case_id}/people/{name}",
        words="Lets somebody see a case no longer.",
        answer=PersonInFull,
    ),
    Call(
        method="GET",
        path="/v1/reads",
        words="Who read which content, and who asked in vain; the newest first.",
        query=(
            Parameter("person", str, "Only those of this person (name or id)."),
            Parameter("package", str, "Only those of ids that begin so."),
            LIMIT,
        ),
        answer=Items[Read],
        codes=("not-found",),
    ),
)
