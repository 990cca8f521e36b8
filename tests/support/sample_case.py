"""Sample case S01 for tests: its bytes, the compiled schemas, and what a check says of changed bytes."""

from functools import cache
from pathlib import Path

from emla.formats.schema import Schemas
from emla.model.errors import InvalidMessageError
from emla.model.findings import Finding
from emla.model.limits import XmlLimits
from emla.steps.validate import ValidMessage, validate

SCHEMA_FOLDER = Path(__file__).resolve().parents[2] / "schemas"
S01 = SCHEMA_FOLDER / "samples" / "S01"


@cache
def schemas() -> Schemas:
    """The schemas, compiled once for all tests."""
    return Schemas(SCHEMA_FOLDER)


@cache
def s01() -> bytes:
    """The committed request."""
    return (S01 / "mla-request.xml").read_bytes()


def changed(old: str, new: str, count: int = 1) -> bytes:
    """S01 with one text replaced; the text must be there."""
    text = s01().decode()
    assert old in text
    return text.replace(old, new, count).encode()


def validated(data: bytes, *, sender: str = "jp.moj", recipient: str = "nl.moj") -> ValidMessage:
    """Validate as the sender does, of S01 if nobody else is named."""
    return validate(data, schemas=schemas(), limits=XmlLimits(), sender=sender, recipient=recipient)


def refusal(
    data: bytes, *, sender: str = "jp.moj", recipient: str = "nl.moj"
) -> tuple[str, tuple[Finding, ...]]:
    """Code and findings with which a message is refused; ``("", ())`` if it is not."""
    try:
        validated(data, sender=sender, recipient=recipient)
    except InvalidMessageError as error:
        return error.code, error.findings
    return "", ()
