"""Slow signers: keys in a token or on a network, whose signatures take milliseconds or more.

Contract (docs/adr/0012): an operation of a batch may call `sign` of a `BatchSigner` and gets its answer at once, because a
batch neither waits nor leaves the event loop while its transaction is open. What is not known yet is noted and answered with a
placeholder; the batch is then rolled back, the signatures are made on another thread with no transaction open, and the batch
runs again, until nothing is missing. So an operation must build the same bytes every time it runs: what varies (the clock,
entropy) is taken before it.

Rules of this file:
- A placeholder never leaves: outside a round there is none, and a round in which one was given is rolled back.
- Nothing is signed that rests on a placeholder: after the first one, an operation notes no more in that round. Signatures of
  different operations do not rest on each other, because ids are hashes of payloads, not of signatures.
- A signer that answers at once is not wrapped, and costs nothing here.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from emla.formats import dsse
from emla.model.errors import IllegalTransitionError
from emla.model.signed import PayloadType, Signer

PLACEHOLDER = bytes(64)


class SlowSigners:
    """The slow signers of one process, and what a batch has asked them for."""

    __slots__ = ("_asked", "_known", "_missing", "_open", "_signers")

    def __init__(self) -> None:
        self._signers: dict[str, BatchSigner] = {}
        self._known: dict[tuple[str, bytes], bytes] = {}
        self._missing: dict[tuple[str, bytes], None] = {}
        self._open = False
        self._asked: tuple[str, bytes] | None = None
        """What the present operation asked for first."""

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self._signers)

    def wrap(self, slow: Signer) -> "BatchSigner":
        """The same signer for use in batches; one for each key."""
        known = self._signers.get(slow.kid)
        if known is None:
            known = self._signers[slow.kid] = BatchSigner(slow, self)
        return known

    @contextmanager
    def round(self) -> Iterator[None]:
        """One run of a batch: signatures may be asked for, and what is missing is noted."""
        self.ask_again()
        self._open = True
        try:
            yield
        finally:
            self._open = False

    def ask_again(self) -> None:
        """The operations run from the start: what they asked for is forgotten, what is known stays."""
        self._missing.clear()
        self._asked = None

    def withdraw(self) -> None:
        """The present operation failed and is undone: what it asked for is not signed on its account."""
        if self._asked:
            self._missing.pop(self._asked, None)
        self._asked = None

    def begin_operation(self) -> None:
        """Another operation begins, which does not rest on what the one before asked for."""
        self._asked = None

    def is_incomplete(self) -> bool:
        """Whether a placeholder was given in the last round."""
        return bool(self._missing)

    @property
    def asked(self) -> bool:
        """Whether the present operation was given a placeholder."""
        return self._asked is not None

    def sign_missing(self) -> None:
        """Make what was missing. Blocks; called on a thread of its own, with no transaction open.

        Raises:
            ConfigurationError: ``token-unavailable``; what was made before stays known.
        """
        for kid, message in list(self._missing):
            self._known[kid, message] = self._signers[kid].slow.sign(message)

    def forget(self) -> None:
        """The batch is committed or given up."""
        self._known.clear()
        self._missing.clear()

    def ask(self, kid: str, message: bytes) -> bytes:
        """A known signature, or a placeholder and a note.

        Raises:
            IllegalTransitionError: outside a round, where a placeholder could get away.
        """
        known = self._known.get((kid, message))
        if known is not None:
            return known
        if not self._open:
            raise IllegalTransitionError("A slow signer was asked outside a batch; use sign_now.")
        if self._asked is None:
            self._asked = (kid, message)
            self._missing[kid, message] = None
        return PLACEHOLDER


class BatchSigner:
    """A `Signer` for operations of a batch, over one that is too slow to be called there."""

    __slots__ = ("_all", "slow")

    def __init__(self, slow: Signer, every: SlowSigners) -> None:
        self.slow = slow
        self._all = every

    @property
    def kid(self) -> str:
        """The key's id."""
        return self.slow.kid

    @property
    def public(self) -> bytes:
        """The 32-byte public key."""
        return self.slow.public

    def sign(self, message: bytes) -> bytes:
        """Return the signature, or a placeholder in a round that will be rolled back."""
        return self._all.ask(self.slow.kid, message)


async def sign_now(kind: PayloadType, payload: bytes, signer: Signer) -> bytes:
    """Sign a payload outside a batch; a slow signer is called on another thread.

    Raises:
        ConfigurationError: ``token-unavailable``.
    """
    if isinstance(signer, BatchSigner):
        return await asyncio.to_thread(dsse.sign, kind, payload, signer.slow)
    return dsse.sign(kind, payload, signer)


async def sign_octets_now(message: bytes, signer: Signer) -> bytes:
    """Sign plain octets outside a batch (what is no signed object: a call); a slow signer is called on another thread.

    Raises:
        ConfigurationError: ``token-unavailable``.
    """
    if isinstance(signer, BatchSigner):
        return await asyncio.to_thread(signer.slow.sign, message)
    return signer.sign(message)
