"""What stands at a path of local names in a valid document: texts, truths, days, instants, references to other messages.

Rules of this file:
- Names are local: a family that gets a new namespace and keeps an element keeps its meaning.
- A day that the schema's calendar knows and ours does not is read as no day.
"""

from datetime import UTC, date, datetime

from lxml import etree

from emla.formats.xml import text_of
from emla.model.legal_act import Reference


def elements(within: etree._Element, path: str) -> list[etree._Element]:
    """Elements by a path of local names."""
    first, *others = path.split("/")
    found = list(within.iterchildren("{*}" + first))
    for step in others:
        found = [child for each in found for child in each.iterchildren("{*}" + step)]
    return found


def texts(within: etree._Element, path: str) -> list[str]:
    """Texts of elements by a path."""
    return [text_of(each) for each in elements(within, path)]


def text(within: etree._Element, path: str) -> str:
    """The first text at a path; empty where there is none."""
    found = elements(within, path)
    return text_of(found[0]) if found else ""


def says(within: etree._Element, path: str) -> bool:
    """Whether the first text at a path says yes."""
    return text(within, path) in ("true", "1")


def day(within: etree._Element, path: str) -> date | None:
    """The day of a date or an instant, as it is written."""
    try:
        return date.fromisoformat(said[:10]) if (said := text(within, path)) else None
    except ValueError:
        return None


def instant(within: etree._Element, path: str) -> datetime | None:
    """An instant, aware: the schema asks for Z."""
    try:
        return datetime.fromisoformat(text(within, path)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def references(within: etree._Element, path: str, *names: str) -> tuple[Reference, ...]:
    """Things in other messages, each named by one of several elements."""
    return tuple(
        Reference(message_id=bytes.fromhex(text(each, "InMessage")), local_id=local_id)
        for each in elements(within, path)
        for name in names
        for local_id in texts(each, name)
    )


def meant(within: etree._Element, path: str) -> tuple[Reference, ...]:
    """Things in other messages (ItemRef): an item, a file, or with neither of them all that a message has brought."""
    return tuple(
        Reference(
            message_id=bytes.fromhex(text(each, "InMessage")),
            local_id=text(each, "ItemId") or text(each, "AttachmentId"),
        )
        for each in elements(within, path)
    )
