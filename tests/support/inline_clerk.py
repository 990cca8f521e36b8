"""A clerk without a process: it checks and seals on the spot, and dies when a test tells it to."""

from collections.abc import Sequence
from dataclasses import replace

from emla.formats.schema import Schemas
from emla.model.errors import InvalidMessageError
from emla.model.limits import XmlLimits
from emla.model.package import DeclaredPart
from emla.model.terms import SENDING, Terms
from emla.ports.sandbox import Checked, Drafted, SandboxDiedError
from emla.sandbox.prepare import Desk, begin, check, seal_parts
from emla.steps.seal import Envelope


class InlineClerk:
    """Implements `emla.ports.sandbox.Clerk` with the code the real clerk runs, in this process."""

    def __init__(self, schemas: Schemas) -> None:
        self._desk = Desk(schemas=schemas, limits=XmlLimits(), memory_is_tight=lambda: False)
        self.deaths_to_come = 0
        """How many of the next calls end in a death."""
        self.calls = 0

    def _live(self) -> None:
        self.calls += 1
        if self.deaths_to_come:
            self.deaths_to_come -= 1
            raise SandboxDiedError("told to")

    async def check(
        self, document: bytes, *, sender: str, recipient: str | None, terms: Terms = SENDING
    ) -> Checked:
        """Check a document, or die."""
        self._live()
        return check(begin(document, self._desk), sender, recipient, self._desk, terms)

    async def draft(
        self,
        body: bytes,
        parts: Sequence[DeclaredPart],
        envelope: Envelope,
        *,
        checked: Checked | None = None,
        terms: Terms = SENDING,
    ) -> Drafted:
        """Check and seal, or die."""
        self._live()
        if checked is None:
            found = begin(body[: parts[0].size], self._desk)
            checked = check(found, envelope.sender, envelope.recipient, self._desk, terms)
        try:
            sealed, pieces = seal_parts(body, parts, envelope, checked)
        except InvalidMessageError as error:
            return Drafted(checked=checked, sealed=error)
        return Drafted(checked=checked, sealed=replace(sealed, payload=b"".join(pieces)))
