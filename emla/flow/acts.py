"""acts: what happens when two officers have signed an act. Each kind has one effect; who may sign is decided in `changes`.

C4 an act is carried out in one batch: its effect, its own leaf, and the change PUBLISHED. A crash before it leaves an approved
act, which the same call carries out; after it, the same call finds it done.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

from emla.model.act import Act, ActKind
from emla.model.errors import InvalidDocumentError
from emla.model.limits import WIRE
from emla.ports.store import Transaction


class Effect(Protocol):
    """What an act of one kind does."""

    def check(self, act: Act) -> None:
        """Refuse an act that could not be carried out as things stand; asked before it is proposed and before it is done.

        Raises:
            EmlaError: why not.
        """
        ...

    async def __call__(self, act: Act, also: Callable[[Transaction], None]) -> None:
        """Carry the act out.

        Args:
            act: approved by two officers.
            also: belongs into the batch that makes the effect durable: the act's leaf, and that it is done.

        Raises:
            EmlaError: things have changed since `check`; then nothing was done.
        """
        ...


Effects = Mapping[ActKind, Effect]


def effect_of(effects: Effects, act: Act, now: int) -> Effect:
    """The effect of an act that can be carried out as things stand.

    Raises:
        InvalidDocumentError: ``invalid-document``: this gateway cannot do it; ``act-lapsed``; ``clock-skew``.
        EmlaError: what `Effect.check` says.
    """
    found = effects.get(act.kind)
    if found is None:
        raise InvalidDocumentError("invalid-document", f"This gateway does not carry out '{act.kind.value}'.")
    if act.lapsed(now):
        raise InvalidDocumentError("act-lapsed")
    if act.at > now + WIRE.clock_skew_seconds:
        raise InvalidDocumentError("clock-skew", f"The act was written at {act.at}.")
    found.check(act)
    return found
