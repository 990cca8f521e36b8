"""Terms: on what the verdict about a message depends beside the message itself.

Here: frozen values that whoever asks for a check hands in. Not here: the rules (``emla.rules``, ``schemas/rules``).
"""

from dataclasses import dataclass

from emla.model.findings import Override


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The side on which a message is checked, and what is known there."""

    sending: bool
    """At the sender rules block; at the recipient they inform."""
    overrides: tuple[Override, ...] = ()
    """What the officer decided to send in spite of."""


SENDING = Terms(sending=True)
RECEIVING = Terms(sending=False)
