"""people: who is on record, with which roles, and whose case is whose.

Rules of this file:
- Whatever changes a person's rights is one batch with the event that tells of it: P1. A crash before it changes nothing.
- What must hold for all of them together (roles that exclude one another, somebody left who may manage people) is judged inside
  the batch, on what it sees: of two changes at once the second is judged by what the first has left.
- Where every token of a person ends, the person's webhooks are paused with them: whoever had a token may have made one.
- Nobody changes rights of his own. Facts of events name people by their ids.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from emla.flow.events import (
    CASE_NAMED,
    CASE_UNNAMED,
    PERSON_ADDED,
    PERSON_DISABLED,
    PERSON_INVITED,
    PERSON_ROLES,
    event,
)
from emla.flow.gateway import Gateway
from emla.flow.people.tokens import new_token
from emla.formats.event import Facts
from emla.model.errors import InvalidMessageError, NotFoundError
from emla.model.person import Caller, Person, PersonRole, PersonState, Token, conflicts
from emla.model.webhook import Pause
from emla.ports.store import DuplicateError, Transaction

_ID_BYTES = 8
INVITATION_DAYS = 3


class People:
    """The journeys of persons."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def one(self, id_or_name: str) -> Person:
        """A person by id or name.

        Raises:
            NotFoundError: ``not-found``.
        """
        found = self._gateway.store.read.person(id_or_name)
        if found is None:
            raise NotFoundError("not-found", f"There is no person '{id_or_name[:64]}'.")
        return found

    async def add(
        self, by: Caller, *, name: str, full_name: str, roles: frozenset[PersonRole]
    ) -> tuple[Person, str]:
        """Put a person on record; return it with the invitation by which he or she takes the first token.

        Raises:
            InvalidMessageError: ``role-conflict``; ``no-custodian``; ``name-taken``.
        """
        check_roles(roles)
        gateway, now = self._gateway, self._gateway.now()
        person = Person(
            id=gateway.entropy(_ID_BYTES).hex(),
            name=name,
            full_name=full_name,
            roles=roles,
            state=PersonState.ACTIVE,
            created_at=now,
        )
        invitation, text = self._invitation(person)
        told = self._told(by, PERSON_ADDED, person, {"roles": " ".join(sorted(roles))})

        def operation(transaction: Transaction) -> None:
            if by.alone and transaction.people():
                # Somebody else was put on record a moment ago: from then on a token says who calls.
                raise InvalidMessageError("not-authenticated")
            transaction.insert_person(person)
            _require_custodian(transaction.people())
            transaction.insert_token(invitation)
            told(transaction)

        try:
            await gateway.store.write(operation)
        except DuplicateError as error:
            raise InvalidMessageError("name-taken", f"'{name}' is on record.") from error
        return person, text

    async def change_roles(self, by: Caller, person: Person, roles: frozenset[PersonRole]) -> Person:
        """Give a person these roles, and no others.

        Raises:
            InvalidMessageError: ``own-rights``; ``role-conflict``; ``no-custodian``.
        """
        check_roles(roles)
        facts = {"roles": " ".join(sorted(roles))}
        return await self._change(by, person, PERSON_ROLES, facts, lambda old: replace(old, roles=roles))

    async def disable(self, by: Caller, person: Person) -> Person:
        """Shut a person out: every token ends, the webhooks pause, and the password opens nothing.

        Raises:
            InvalidMessageError: ``own-rights``; ``no-custodian``.
        """

        def shut(old: Person) -> Person:
            return replace(old, state=PersonState.DISABLED, password=None)

        return await self._change(by, person, PERSON_DISABLED, {}, shut, end_tokens=True)

    async def invite(self, by: Caller, person: Person) -> str:
        """Let a person in again: every token and the password end, the webhooks pause, an invitation takes their place.

        Whoever is invited without having asked for it finds the old token ended, and knows.

        Raises:
            InvalidMessageError: ``own-rights``.
        """
        invitation, text = self._invitation(person)

        def open_again(old: Person) -> Person:
            return replace(old, state=PersonState.ACTIVE, password=None)

        await self._change(
            by,
            person,
            PERSON_INVITED,
            {},
            open_again,
            end_tokens=True,
            then=lambda transaction: transaction.insert_token(invitation),
        )
        return text

    async def name_for_case(self, by: Caller, person: Person, case_id: bytes) -> bool:
        """Let a person see a case; False when it was his or hers already."""
        told, at = self._told(by, CASE_NAMED, person, {"case": case_id.hex()}), self._gateway.now()

        def operation(transaction: Transaction) -> bool:
            if is_new := transaction.name_for_case(case_id, person.id, at):
                told(transaction)
            return is_new

        return await self._gateway.store.write(operation)

    async def unname_for_case(self, by: Caller, person: Person, case_id: bytes) -> bool:
        """Let a person see a case no longer; False when he or she did not."""
        told = self._told(by, CASE_UNNAMED, person, {"case": case_id.hex()})

        def operation(transaction: Transaction) -> bool:
            if was_named := transaction.unname_for_case(case_id, person.id):
                told(transaction)
            return was_named

        return await self._gateway.store.write(operation)

    async def _change(
        self,
        by: Caller,
        person: Person,
        kind: str,
        facts: Facts,
        change: Callable[[Person], Person],
        *,
        end_tokens: bool = False,
        then: Callable[[Transaction], None] = lambda _: None,
    ) -> Person:
        if by.id == person.id:
            raise InvalidMessageError("own-rights")
        told, at = self._told(by, kind, person, facts), self._gateway.now()

        def operation(transaction: Transaction) -> Person:
            changed = change(next(each for each in transaction.people() if each.id == person.id))
            transaction.update_person(changed)
            _require_custodian(transaction.people())
            if end_tokens:
                transaction.revoke_tokens(person.id, at)
                _pause_webhooks(transaction, person.id, at)
            then(transaction)
            told(transaction)
            return changed

        return await self._gateway.store.write(operation)

    def _invitation(self, person: Person) -> tuple[Token, str]:
        return new_token(
            self._gateway, person.id, roles=frozenset(), label="invitation", days=INVITATION_DAYS
        )

    def _told(self, by: Caller, kind: str, person: Person, facts: Facts) -> Callable[[Transaction], None]:
        return event(self._gateway, kind, {"by": by.id, "person": person.id, **facts})


def check_roles(roles: frozenset[PersonRole]) -> None:
    """Refuse roles that one person must not hold together.

    Raises:
        InvalidMessageError: ``role-conflict``.
    """
    if found := conflicts(roles):
        pairs = ", ".join(f"{one} and {other}" for one, other in found)
        raise InvalidMessageError("role-conflict", f"{pairs}.")


def _pause_webhooks(transaction: Transaction, person: str, at: int) -> None:
    """Whoever posts them sees it before the next call, and stops; the person, or an operator, resumes what is known."""
    for each in transaction.webhooks():
        if each.person == person:
            transaction.pause_webhook(each.id, Pause.OWNER, at)


def _require_custodian(people: Sequence[Person]) -> None:
    """Somebody must be left who may put people on record.

    Raises:
        InvalidMessageError: ``no-custodian``.
    """
    if not any(
        each.state is PersonState.ACTIVE and PersonRole.KEY_CUSTODIAN in each.roles for each in people
    ):
        raise InvalidMessageError("no-custodian")
