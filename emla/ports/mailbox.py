"""The store's share in a hub: items held for their owners, and what is remembered of those that are gone.

Contract: as `emla.ports.store`, whose Transaction and Reader these are parts of. (owner, kind, ref) is unique, and of channel
statuses (owner, depositor); a row stays for ever unless what follows says so. A body
is there exactly while its item is HELD; a payload of the hub's own (`emla.ports.store` keeps it under its hash) while an item
that is HELD names it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from emla.model.mailbox import ItemKind, ItemState, Listing, MailboxItem, MailboxUse

ITEM_ENDED = "mailbox_item_ended"
"""The index that `end_item` names when an item has ended before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deposit:
    """What is to be held. `front` is the signed header of a package, what comes before the payload of a return, else the whole
    body; `payload` None: a blob has it.
    """

    owner: str
    depositor: str
    kind: ItemKind
    ref: bytes
    size: int
    at: int
    expires: int
    front: bytes
    payload_sha256: bytes | None = None
    payload_size: int = 0
    payload: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """How much an owner's mailbox holds, and how much of all mailboxes one depositor has given."""

    owner_items: int
    owner_bytes: int
    depositor_items: int
    depositor_bytes: int


class MailboxTransaction(Protocol):
    """What an operation may do about mailboxes inside a batch."""

    def insert_item(self, deposit: Deposit) -> int:
        """Hold something for its owner; return its number.

        Raises:
            DuplicateError: ``mailbox_item_ref``: it is, or was, held already.
        """
        ...

    def end_item(self, item: int, state: ItemState, at: int, proof: bytes | None = None) -> bytes | None:
        """Let a HELD item go and delete its bytes.

        Returns:
            The hash of a payload that nothing points to any more and whose blob is to be removed after the commit; else None.

        Raises:
            DuplicateError: `ITEM_ENDED`: it is not HELD any more.
        """
        ...

    def make_way(self, owner: str, depositor: str, expires: int) -> bool:
        """Remove the channel status of a depositor that is, or was, held for an owner; False, and nothing done, when that expires
        later than the one that is to follow.
        """
        ...

    def forget_ended(self, owner: str, kind: ItemKind, ref: bytes) -> None:
        """Forget an item that is not HELD any more: what was let go may then be held again."""
        ...

    def forget_expired(self, owner: str, kind: ItemKind, ref: bytes) -> None:
        """Forget an item that is EXPIRED: what was given up before its time may then be held again."""
        ...

    def replace_documents(self, owner: str, depositor: str, at: int) -> None:
        """End the documents of a depositor that are HELD for an owner: newer ones follow."""
        ...


class MailboxReader(Protocol):
    """Reads about mailboxes, of what is committed."""

    def mailbox_after(self, owner: str, after: int, limit: int) -> Sequence[Listing]:
        """The HELD items of an owner with larger numbers, ascending."""
        ...

    def mailbox_item(self, item: int) -> MailboxItem | None:
        """One item, in whatever state."""
        ...

    def mailbox_find(self, owner: str, kind: ItemKind, ref: bytes) -> MailboxItem | None:
        """The item of an owner that holds, or held, an object."""
        ...

    def mailbox_status(self, owner: str, depositor: str) -> MailboxItem | None:
        """The item that holds, or held last, the channel status of a depositor for an owner."""
        ...

    def mailbox_front(self, item: int) -> bytes | None:
        """The signed header of a package that is HELD, else the whole body."""
        ...

    def mailbox_held(self, owner: str, depositor: str) -> Held:
        """How much is held for an owner, and from a depositor."""
        ...

    def mailbox_given(self, owner: str, one: str, other: str) -> int:
        """How many items are held for an owner from either of two depositors."""
        ...

    def mailbox_expired(self, before: int, limit: int) -> Sequence[MailboxItem]:
        """HELD items that expired before an instant, oldest first."""
        ...

    def mailbox_uses(self) -> Sequence[MailboxUse]:
        """Every mailbox that holds something."""
        ...

    def knows_payload(self, sha256: bytes) -> bool:
        """Whether a row points to the payload of this hash."""
        ...

    def lines_and_mailboxes(self) -> tuple[bool, bool]:
        """Whether packages were ever sent or received here, and whether anything was ever held for others."""
        ...
