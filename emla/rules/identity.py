"""The words of the rules about identity, which block on either side. What finds them stands where each fact is known: in
``steps.validate`` (the message), ``flow`` (the store, the pinned peers) and ``sandbox.examine`` (the files).
"""

from emla.model.explanation import RuleWords

_FATAL = "fatal"

IDENTITY: tuple[RuleWords, ...] = (
    RuleWords(
        id="BR-001",
        severity=_FATAL,
        message="Ids that are not ids, a header that does not say what the message is, the same MessageId with other content.",
        remedy="Draw the CaseId of a new case at random, give each message and changed content a new MessageId "
        "(a UUIDv7, or random), and name in InReplyTo what is answered.",
        source="emla/1 BR-001",
    ),
    RuleWords(
        id="BR-002",
        severity=_FATAL,
        message="Sender or recipient is somebody else than the package says, or no authority that is known and not frozen.",
        remedy="Write your own AuthorityId as Sender and that of a pinned peer as Recipient: emla peer list shows them.",
        source="emla/1 BR-002",
    ),
    RuleWords(
        id="BR-056",
        severity=_FATAL,
        message="Files that are missing, not named, handed in twice or different.",
        remedy="Put every file that an Attachment names beside the message, no other, with its size and SHA-256.",
        source="emla/1 BR-056",
    ),
)
