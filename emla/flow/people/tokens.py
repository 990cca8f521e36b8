"""tokens: how a person shows who is calling. Made once, shown once, kept as a hash, ended at any time.

P2 one batch: the token with its event; where it was taken by an invitation, that ends in the same batch, so that an invitation
makes one token, however often it is played back. A crash before the batch leaves the invitation as it was.
"""

import hmac
from dataclasses import replace

from emla.flow.events import PASSWORD_SET, TOKEN_MADE, TOKEN_REVOKED, event
from emla.flow.gateway import Gateway
from emla.formats import token_text
from emla.model.errors import ConfigurationError, InvalidMessageError, NotFoundError
from emla.model.person import ALONE, Caller, Person, PersonRole, PersonState, Token
from emla.ports.store import Transaction

DAYS_MAX = 366
_DAY_SECONDS = 86400
_NOBODY = bytes(32)


def new_token(
    gateway: Gateway, person: str, *, roles: frozenset[PersonRole], label: str, days: int
) -> tuple[Token, str]:
    """A new token as it is kept, and the text that is shown once."""
    now, secret = gateway.now(), gateway.entropy(token_text.SECRET_BYTES)
    token = Token(
        id=gateway.entropy(token_text.ID_BYTES).hex(),
        person=person,
        sha256=token_text.hash_of(secret),
        roles=roles,
        label=label,
        created_at=now,
        expires_at=now + days * _DAY_SECONDS,
    )
    return token, token_text.encode(token.id, secret)


class Tokens:
    """The journeys of tokens, and who a token says is calling."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def caller(self, text: str | None) -> tuple[Caller, Token | None]:
        """Who calls with a token, or without one; the token, if it counts.

        Raises:
            ConfigurationError: ``not-authenticated``.
        """
        read = self._gateway.store.read
        if not read.any_person():
            return ALONE, None
        parts = token_text.decode(text) if text else None
        if parts is None:
            words = "The call bears no token." if text is None else "What it bears is no token."
            raise ConfigurationError("not-authenticated", words)
        token = read.token(parts[0])
        # Compared also when there is no such token: both take the same time.
        is_right = hmac.compare_digest(parts[1], token.sha256 if token else _NOBODY)
        person = read.person(token.person) if token else None
        if token is None or person is None or not is_right or not token.counts(self._gateway.now()):
            raise ConfigurationError("not-authenticated", "The token is unknown, ended or expired.")
        if person.state is not PersonState.ACTIVE:
            raise ConfigurationError("not-authenticated", "The person is shut out.")
        return Caller(id=person.id, roles=person.roles & token.roles, name=person.name), token

    async def make(
        self,
        person: Person,
        *,
        roles: frozenset[PersonRole],
        label: str,
        days: int,
        invitation: Token | None = None,
        password: bytes | None = None,
    ) -> tuple[Token, str]:
        """Make a token for a person; with an invitation, which ends, and may set the password, whose hash this is.

        Raises:
            InvalidMessageError: ``not-allowed``: the person has not these roles.
            ConfigurationError: ``not-authenticated``: the invitation was used a moment ago.
        """
        if not roles <= person.roles or not roles:
            raise InvalidMessageError("not-allowed", "A token has some of the roles of its person.")
        token, text = new_token(self._gateway, person.id, roles=roles, label=label, days=days)
        told = event(
            self._gateway,
            TOKEN_MADE,
            {"person": person.id, "token": token.id, "roles": " ".join(sorted(roles))},
        )

        def operation(transaction: Transaction) -> None:
            _use(transaction, invitation, token.created_at)
            transaction.insert_token(token)
            if password is not None:
                _set(transaction, person.id, password)
            told(transaction)

        await self._gateway.store.write(operation)
        return token, text

    async def set_password(self, person: Person, password: bytes) -> None:
        """Keep the hash of a person's password."""
        told = event(self._gateway, PASSWORD_SET, {"person": person.id})

        def operation(transaction: Transaction) -> None:
            _set(transaction, person.id, password)
            told(transaction)

        await self._gateway.store.write(operation)

    async def revoke(self, by: Caller, token_id: str) -> Token:
        """End a token: one's own, or, for a key custodian, anybody's.

        Raises:
            NotFoundError: ``not-found``: there is none that this caller could end.
        """
        token = self._gateway.store.read.token(token_id)
        if token is None or (token.person != by.id and PersonRole.KEY_CUSTODIAN not in by.roles):
            raise NotFoundError("not-found", "There is no such token of yours.")
        at = self._gateway.now()
        told = event(self._gateway, TOKEN_REVOKED, {"by": by.id, "person": token.person, "token": token.id})

        def operation(transaction: Transaction) -> None:
            if transaction.revoke_token(token.id, at):
                told(transaction)

        await self._gateway.store.write(operation)
        found = self._gateway.store.read.token(token_id)
        return found or token


def _use(transaction: Transaction, invitation: Token | None, at: int) -> None:
    if invitation is not None and not transaction.revoke_token(invitation.id, at):
        raise ConfigurationError("not-authenticated", "The invitation was used a moment ago.")


def _set(transaction: Transaction, person_id: str, password: bytes) -> None:
    for each in transaction.people():
        if each.id == person_id:
            transaction.update_person(replace(each, password=password))
