"""People of an authority: who they are, what they may be, and who is calling (docs/reference/roles.md).

Rules of this file:
- A person is spoken of by a name that people type, and recorded under an id that only the authority can resolve.
- Roles that exclude one another are never held by one person.
- Whoever calls has the roles of the person that the token also has: a token may be less than its person, never more.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class PersonRole(StrEnum):
    """What a person may be (domain: prosecutors draft and follow their cases, central officers run all of them, ...)."""

    PROSECUTOR = "prosecutor"
    CENTRAL_OFFICER = "central_officer"
    APPROVER = "approver"
    POC_247 = "poc_247"
    KEY_CUSTODIAN = "key_custodian"
    OPERATOR = "operator"
    AUDITOR = "auditor"
    CLEARED = "cleared"
    """Beside another role: may read what is marked CONFIDENTIAL or sealed from its subject. Gives nothing by itself."""


class PersonState(StrEnum):
    """Whether a person may call."""

    ACTIVE = "ACTIVE"
    DISABLED = "DISABLED"


ALL_CASES = frozenset({PersonRole.CENTRAL_OFFICER, PersonRole.APPROVER, PersonRole.POC_247})
"""Who may see the content of every case; a prosecutor sees those he drafted in or was named for."""
CONTENT = ALL_CASES | {PersonRole.PROSECUTOR}
"""Who may see content at all."""

_EXCLUDED = tuple(
    (PersonRole.KEY_CUSTODIAN, other) for other in sorted(CONTENT | {PersonRole.CLEARED})
) + tuple(
    (PersonRole.AUDITOR, other) for other in sorted(CONTENT | {PersonRole.KEY_CUSTODIAN, PersonRole.CLEARED})
)
"""Keys and content are apart, and so are doing and auditing."""


def conflicts(roles: Iterable[PersonRole]) -> tuple[tuple[PersonRole, PersonRole], ...]:
    """Pairs of roles that one person must not hold together."""
    held = frozenset(roles)
    return tuple(pair for pair in _EXCLUDED if held.issuperset(pair))


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person as the authority knows him or her. `password` is the Argon2id hash, if there is one."""

    id: str
    name: str
    """Short, unique, typed by people: `anna.kovacs`."""
    full_name: str
    roles: frozenset[PersonRole]
    state: PersonState
    created_at: int
    password: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token as it is kept: never itself, only its hash. Instants in UNIX seconds."""

    id: str
    person: str
    sha256: bytes
    roles: frozenset[PersonRole]
    label: str
    created_at: int
    expires_at: int
    revoked_at: int | None = None

    def counts(self, now: int) -> bool:
        """Whether it opens anything."""
        return self.revoked_at is None and now < self.expires_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who makes a call, and as what."""

    id: str
    roles: frozenset[PersonRole]
    name: str = ""
    alone: bool = False
    """There are no people yet: whoever may open the socket is the authority."""

    @property
    def sees_all_cases(self) -> bool:
        """Whether every case is this caller's."""
        return bool(self.roles & ALL_CASES)

    @property
    def sees_content(self) -> bool:
        """Whether any content is for this caller."""
        return bool(self.roles & CONTENT)

    @property
    def is_cleared(self) -> bool:
        """Whether what is marked CONFIDENTIAL is for this caller, where content is."""
        return PersonRole.CLEARED in self.roles

    @property
    def reads_as(self) -> PersonRole | None:
        """The role in which this caller reads content, as others are told; None where content is not for the caller."""
        if self.alone:
            return PersonRole.CENTRAL_OFFICER
        return next((role for role in PersonRole if role in self.roles & CONTENT), None)


ALONE = Caller(id="alone", roles=frozenset(PersonRole), alone=True)
"""The one caller of an authority that has no people on record."""
