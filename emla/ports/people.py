"""The store's share in people: persons, their tokens, the cases they belong to.

Contract: as `emla.ports.store`, whose Transaction and Reader these are parts of. Whatever changes a person's rights is kept in
the batch of the event that tells of it.
"""

from collections.abc import Sequence
from typing import Protocol

from emla.model.person import Person, Token
from emla.ports.drafts import DraftReader, DraftTransaction
from emla.ports.repeats import RepeatReader, RepeatTransaction
from emla.ports.webhooks import WebhookReader, WebhookTransaction


class PeopleTransaction(DraftTransaction, WebhookTransaction, RepeatTransaction, Protocol):
    """What an operation may do about people, and what was answered to them, inside a batch."""

    def insert_person(self, person: Person) -> None:
        """Keep a new person.

        Raises:
            DuplicateError: somebody has the name.
        """
        ...

    def update_person(self, person: Person) -> None:
        """Put roles, state and password of a person."""
        ...

    def people(self) -> Sequence[Person]:
        """Everybody, as this batch sees it, by name."""
        ...

    def insert_token(self, token: Token) -> None:
        """Keep a new token."""
        ...

    def revoke_token(self, token_id: str, at: int) -> bool:
        """End a token; False when it was ended before."""
        ...

    def revoke_tokens(self, person: str, at: int) -> None:
        """End every token of a person."""
        ...

    def name_for_case(self, case_id: bytes, person: str, at: int) -> bool:
        """A case is a person's from now on; False when it was already."""
        ...

    def unname_for_case(self, case_id: bytes, person: str) -> bool:
        """A case is not a person's any more; False when it was not."""
        ...


class PeopleReader(DraftReader, WebhookReader, RepeatReader, Protocol):
    """Reads about people, and what was answered to them, of what is committed."""

    def people(self) -> Sequence[Person]:
        """Everybody, by name."""
        ...

    def any_person(self) -> bool:
        """Whether there is anybody on record, active or not."""
        ...

    def person(self, id_or_name: str) -> Person | None:
        """A person by id or name."""
        ...

    def token(self, token_id: str) -> Token | None:
        """A token by its id."""
        ...

    def tokens(self, person: str | None) -> Sequence[Token]:
        """Tokens of one person, or of all, the newest first."""
        ...

    def is_named(self, case_id: bytes, person: str) -> bool:
        """Whether a case is a person's."""
        ...

    def cases_named(self, person: str) -> Sequence[bytes]:
        """The cases of a person."""
        ...

    def named_for(self, case_id: bytes) -> Sequence[str]:
        """Whose case it is: ids of persons."""
        ...
