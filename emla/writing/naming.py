"""What an officer names of what was sent: ``A1``, ``I2``, or a MessageId; and the message in which it came.

Rules of this file:
- The act's own message comes first (`presumed`), then the newest that is the officer's to speak of, then any: whose it is, the
  case judges (CA-015, CA-016), and not the writer by taking another.
- What nobody has brought stays as it was said, and is refused before it is sent (CA-018).
"""

import re
from dataclasses import dataclass

from emla.writing.situation import Situation

_MESSAGE = re.compile(r"[0-9a-f]{12,32}")
"""A MessageId, or as much of it as lists show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A thing in a message."""

    message_id: str
    """Empty where that is not known."""
    element: str
    """ItemId or AttachmentId; empty for all that the message has brought."""


def find(situation: Situation, said: str, presumed: str, *, ours: bool) -> Named:
    """The thing that is meant.

    Args:
        situation: where the case stands.
        said: the id of a file or of an item, or of a message.
        presumed: the message that the act is about, unless it says something else.
        ours: whether it is an act about what we have sent, and not about what we hold.
    """
    there = [each for each in situation.brought if said in (*each.files, *each.items)]
    if there:
        # The last of these: of several that are as near the newest.
        best = max(
            enumerate(there),
            key=lambda one: (
                one[1].message_id == presumed,
                (one[1].sender == situation.own) is ours,
                one[0],
            ),
        )[1]
        return Named(message_id=best.message_id, element="AttachmentId" if said in best.files else "ItemId")
    if _MESSAGE.fullmatch(said.lower()):
        whole = {each.message_id for each in situation.brought if each.message_id.startswith(said.lower())}
        if len(whole) == 1:
            return Named(message_id=whole.pop(), element="")
    return Named(message_id=presumed, element="ItemId")
