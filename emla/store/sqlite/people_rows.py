"""People, tokens, whose case is whose: the statements, and from rows to values.

Part of `SqliteTransaction` and `SqliteReader`; apart from them, because those speak about packages.
"""

import sqlite3
from abc import ABC
from collections.abc import Callable, Iterable, Sequence

from emla.model.errors import IllegalTransitionError
from emla.model.person import Person, PersonRole, PersonState, Token
from emla.ports.store import DuplicateError
from emla.store.sqlite import rows
from emla.store.sqlite.draft_rows import DraftReads, DraftStatements
from emla.store.sqlite.webhook_rows import WebhookReads, WebhookStatements

_PERSON = "SELECT id, name, full_name, roles, state, created_at, password FROM person"
_TOKEN = "SELECT id, person, sha256, roles, label, created_at, expires_at, revoked_at FROM token"  # noqa: S105 (a statement)


class PeopleStatements(DraftStatements, WebhookStatements, ABC):
    """Implements `emla.ports.people.PeopleTransaction`."""

    _execute: Callable[..., sqlite3.Cursor]

    def insert_person(self, person: Person) -> None:
        """Keep a new person."""
        done = self._execute(
            "INSERT INTO person VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (
                person.id,
                person.name,
                person.full_name,
                _roles_text(person.roles),
                person.state.value,
                person.created_at,
                person.password,
            ),
        )
        if done.rowcount != 1:
            raise DuplicateError("person.name")

    def update_person(self, person: Person) -> None:
        """Put roles, state and password of a person."""
        values = (_roles_text(person.roles), person.state.value, person.password, person.id)
        sql = "UPDATE person SET roles = ?, state = ?, password = ? WHERE id = ?"
        if self._execute(sql, values).rowcount != 1:
            raise IllegalTransitionError(f"person {person.id}: changed, but not here")

    def people(self) -> Sequence[Person]:
        """Everybody, as this batch sees it, by name."""
        return [_person(row) for row in self._execute(_PERSON + " ORDER BY name")]

    def insert_token(self, token: Token) -> None:
        """Keep a new token."""
        self._execute(
            "INSERT INTO token VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                token.id,
                token.person,
                token.sha256,
                _roles_text(token.roles),
                token.label,
                token.created_at,
                token.expires_at,
                token.revoked_at,
            ),
        )

    def revoke_token(self, token_id: str, at: int) -> bool:
        """End a token; False when it was ended before."""
        sql = "UPDATE token SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL"
        return self._execute(sql, (at, token_id)).rowcount == 1

    def revoke_tokens(self, person: str, at: int) -> None:
        """End every token of a person."""
        self._execute("UPDATE token SET revoked_at = ? WHERE person = ? AND revoked_at IS NULL", (at, person))

    def name_for_case(self, case_id: bytes, person: str, at: int) -> bool:
        """A case is a person's from now on; False when it was already."""
        sql = "INSERT INTO case_person VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
        return self._execute(sql, (case_id, person, at)).rowcount == 1

    def unname_for_case(self, case_id: bytes, person: str) -> bool:
        """A case is not a person's any more; False when it was not."""
        sql = "DELETE FROM case_person WHERE case_id = ? AND person = ?"
        return self._execute(sql, (case_id, person)).rowcount == 1


class PeopleReads(DraftReads, WebhookReads):
    """Implements `emla.ports.people.PeopleReader`."""

    _execute: Callable[..., sqlite3.Cursor]

    def people(self) -> Sequence[Person]:
        """Everybody, by name."""
        return [_person(row) for row in self._execute(_PERSON + " ORDER BY name")]

    def any_person(self) -> bool:
        """Whether there is anybody on record, active or not."""
        return self._execute("SELECT 1 FROM person LIMIT 1").fetchone() is not None

    def person(self, id_or_name: str) -> Person | None:
        """A person by id or name."""
        cursor = self._execute(_PERSON + " WHERE id = ?1 OR name = ?1", (id_or_name,))
        return rows.one(cursor, _person)

    def token(self, token_id: str) -> Token | None:
        """A token by its id."""
        return rows.one(self._execute(_TOKEN + " WHERE id = ?", (token_id,)), _token)

    def tokens(self, person: str | None) -> Sequence[Token]:
        """Tokens of one person, or of all, the newest first."""
        sql = _TOKEN + " WHERE ?1 IS NULL OR person = ?1 ORDER BY created_at DESC, id"
        return [_token(row) for row in self._execute(sql, (person,))]

    def is_named(self, case_id: bytes, person: str) -> bool:
        """Whether a case is a person's."""
        sql = "SELECT 1 FROM case_person WHERE case_id = ? AND person = ?"
        return self._execute(sql, (case_id, person)).fetchone() is not None

    def cases_named(self, person: str) -> Sequence[bytes]:
        """The cases of a person."""
        cursor = self._execute("SELECT case_id FROM case_person WHERE person = ? ORDER BY case_id", (person,))
        return [row[0] for row in cursor]

    def named_for(self, case_id: bytes) -> Sequence[str]:
        """Whose case it is: ids of persons."""
        cursor = self._execute("SELECT person FROM case_person WHERE case_id = ? ORDER BY person", (case_id,))
        return [row[0] for row in cursor]


def _roles_text(roles: Iterable[PersonRole]) -> str:
    return " ".join(sorted(roles))


def _roles(text: str) -> frozenset[PersonRole]:
    return frozenset(PersonRole(each) for each in text.split())


def _person(row: sqlite3.Row) -> Person:
    return Person(
        id=row[0],
        name=row[1],
        full_name=row[2],
        roles=_roles(row[3]),
        state=PersonState(row[4]),
        created_at=row[5],
        password=row[6],
    )


def _token(row: sqlite3.Row) -> Token:
    return Token(
        id=row[0],
        person=row[1],
        sha256=row[2],
        roles=_roles(row[3]),
        label=row[4],
        created_at=row[5],
        expires_at=row[6],
        revoked_at=row[7],
    )
