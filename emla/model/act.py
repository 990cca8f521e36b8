"""Acts: what this authority does only when two of its officers have signed it. Who may sign is `emla.steps.approve`'s."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

ACT_LIFE_SECONDS = 7 * 86400
"""An act that has waited longer is proposed anew: what two officers knew then need not be so today."""

Facts = Mapping[str, str | int]
"""What an act is about: short texts and numbers, each of which an officer reads before signing."""


class ActKind(StrEnum):
    """What is done."""

    LEG_CLOSE = "leg.close"
    PACKAGE_CLOSE = "package.close"
    LEDGER_RECOVER = "ledger.recover"


REASON = "reason"
"""The fact that every act has: why, in a line for people."""

FACTS: dict[ActKind, tuple[str, ...]] = {
    ActKind.LEG_CLOSE: ("pid", "peer", REASON),
    ActKind.PACKAGE_CLOSE: ("pid", "peer", REASON),
    ActKind.LEDGER_RECOVER: ("origin", REASON),
}
"""The facts that an act of a kind must have; more may stand beside them."""

DOES: dict[ActKind, str] = {
    ActKind.LEG_CLOSE: "Give up sending a package",
    ActKind.PACKAGE_CLOSE: "Give up opening a package in quarantine",
    ActKind.LEDGER_RECOVER: "Open a new epoch of the ledger",
}
"""What an act of a kind does, in words for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One act. The nonce makes it one of its kind: approved for one occasion, it is never good for another."""

    authority: str
    kind: ActKind
    facts: Facts
    at: int
    """When it was written, UNIX seconds."""
    nonce: bytes

    def lapsed(self, now: float) -> bool:
        """Whether it has waited too long to be carried out."""
        return now > self.at + ACT_LIFE_SECONDS
