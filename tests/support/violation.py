"""What the oracle finds: a sentence for each thing that should not be, the number of the invariant, and whose folder it is in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.support.books import Books


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One thing that should not be: the invariant's number, in whose folder, and what."""

    number: int
    authority: str
    what: str

    def __str__(self) -> str:
        return f"[{self.number}] {self.authority}: {self.what}"


Found = Iterator[Violation]
World = Mapping[str, Books]


def violation(number: int, books: Books, what: str) -> Violation:
    """Say it."""
    return Violation(number=number, authority=books.id, what=what)


def short(octets: bytes) -> str:
    """An id as a sentence bears it."""
    return octets.hex()[:16]
