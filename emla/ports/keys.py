"""The private keys of this authority, wherever they lie: in files, in a token.

Contract: `signer` gives what signs; it may be slow (a token), so whoever signs much asks off the event loop. `reload` reads
the folder again and hands the sealing keys to a fresh opener. `destroy` is final: when it returns, no copy is left here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from emla.model.documents import KeyUse
from emla.model.signed import Signer


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldKey:
    """A private key that is here: its use and id, and where it lies (``file`` or ``token``)."""

    use: KeyUse
    kid: str
    place: str


class PrivateKeys(Protocol):
    """The keys of the card that this process may use, and the names of all that are here."""

    @property
    def content_key(self) -> bytes:
        """The key that records are sealed under."""
        ...

    def signer(self, use: KeyUse, kid: str) -> Signer:
        """What signs with a sign or ledger key.

        Raises:
            ConfigurationError: ``unreadable-key``: it is not here.
        """
        ...

    def held(self) -> Sequence[HeldKey]:
        """Every private key of the card's uses that is here, the sealing keys too."""
        ...

    async def reload(self) -> None:
        """Read the folder again, and let the opener have the keys that are there now."""
        ...

    def destroy(self, use: KeyUse, kid: str) -> bool:
        """Remove a private key for good; False when it was not here."""
        ...
