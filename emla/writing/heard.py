"""What a message of the case says beside its act: references, who writes to whom, how it is handled, its words.

Rules of this file: only documents without schema findings are handed in. All of it are defaults, which an officer may change.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lxml import etree

from emla.formats.xml import XmlDocument, local_name, text_of
from emla.writing.answers import SEPARATOR

_WORDED = {
    "Question": ("QuestionId", "Text"),
    "Condition": ("ConditionId", "ConditionText"),
    "EvidenceItem": ("ItemId", "Description"),
}
"""Parts that a later message names by id, with the words that stand beside it."""
_KEPT = ("ConfidentialityLevel", "ConfidentialityRequested")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What one message says."""

    message_id: str
    sender: str
    requesting_reference: str
    requested_reference: str
    known: Mapping[str, str]
    """Answers about its sender and recipient, by authority id, a slash, and the place within its block."""
    handling: Mapping[str, str]
    words: Mapping[str, str]


def hear(document: XmlDocument) -> Heard:
    """Read one message."""
    header = next(document.root.iterchildren("{*}MessageHeader"))
    values = {local_name(each): text_of(each) for each in header.iterchildren("*") if not len(each)}
    blocks = {local_name(each): each for each in header.iterchildren("*") if len(each)}
    given = list(document.root.iter("{*}RequestedReference"))
    return Heard(
        message_id=values["MessageId"],
        sender=_child(blocks["Sender"], "AuthorityId"),
        requesting_reference=values["RequestingReference"],
        requested_reference=text_of(given[-1]) if given else "",
        known=dict(_authority(blocks["Sender"])) | dict(_authority(blocks["Recipient"])),
        handling={
            f"Handling/{name}": {"true": "yes", "1": "yes", "false": "no", "0": "no"}.get(value, value)
            for each in document.root.iterchildren("{*}Handling")
            for name in _KEPT
            if (value := _child(each, name))
        },
        words={
            _child(each, key): _child(each, text)
            for name, (key, text) in _WORDED.items()
            for each in document.root.iter("{*}" + name)
        },
    )


def _authority(block: etree._Element) -> Iterator[tuple[str, str]]:
    """A sender's or recipient's block as answers; of contacts the first."""
    whose = _child(block, "AuthorityId")
    for name in ("CountryCode", "AuthorityId", "Name", "AuthorityRole"):
        yield f"{whose}/{name}", _child(block, name)
    contact = next(block.iterchildren("{*}Contact"))
    for name in ("Post", "Phone", "Email", "OfficeHours", "TimeZone"):
        if value := _child(contact, name):
            yield f"{whose}/Contact[1]/{name}", value
    languages = [text_of(each) for each in contact.iterchildren("{*}Language")]
    yield f"{whose}/Contact[1]/Language", f"{SEPARATOR} ".join(languages)


def _child(element: etree._Element, name: str) -> str:
    found = next(element.iterchildren("{*}" + name), None)
    return "" if found is None else text_of(found)


def authorities(messages: tuple[Heard, ...]) -> dict[str, dict[str, str]]:
    """By authority id what the messages say of it, the newest last said."""
    found: dict[str, dict[str, str]] = {}
    for message in messages:
        for place, value in message.known.items():
            whose, _, name = place.partition("/")
            found.setdefault(whose, {})[name] = value
    return found
