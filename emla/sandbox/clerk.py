"""The clerk's parent: implements `emla.ports.sandbox.Clerk` with a child process that holds no key.

Rule of this file: the clerk may have been taken over by what it read. Of a package it may say what only it knows (facts of the
message, manifest, stanza, commitment, sealed bytes); everything else of the header is the envelope's, which the gateway made, and
the hash of the bytes is computed here. A lie then gives a package that its recipient refuses, never one to or from somebody else.
"""

import hashlib
import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from emla.formats.header import content_commitment
from emla.model.errors import InvalidMessageError
from emla.model.package import DeclaredPart, PayloadReference, SealedPayload
from emla.model.settings import OpenerSettings
from emla.model.terms import SENDING, Terms
from emla.ports.sandbox import Checked, Drafted, SandboxDiedError
from emla.sandbox.clerk_child import AT_ONCE
from emla.sandbox.clerk_wire import DOCUMENT_BYTES_INLINE, Found, Task, decode_found, encode_task
from emla.sandbox.wire import Start
from emla.sandbox.worker import Worker
from emla.steps.seal import Envelope, draft_header, plan_for


class ClerkProcess(Worker[tuple[Found, bytes]]):
    """An `emla.ports.sandbox.Clerk`."""

    def __init__(self, *, schemas: Path, settings: OpenerSettings) -> None:
        """Nothing is started yet.

        Args:
            schemas: the folder of the schemas.
            settings: processor time and memory of a message.
        """
        start = Start(
            keys=None,
            schemas=schemas.absolute(),
            cpu_seconds=settings.cpu_seconds,
            memory_bytes=settings.memory_bytes,
            parent=os.getpid(),
        )
        super().__init__("clerk", "emla.sandbox.clerk_child", start, decode_found, at_once=AT_ONCE)

    async def check(
        self, document: bytes, *, sender: str, recipient: str | None, terms: Terms = SENDING
    ) -> Checked:
        """Check a main document; see `emla.ports.sandbox.Clerk.check`."""
        if len(document) <= DOCUMENT_BYTES_INLINE:
            found, _ = await self.ask(
                encode_task(Task(sender=sender, recipient=recipient, terms=terms), document)
            )
            return _checked(found)
        held = os.memfd_create("emla-document", os.MFD_CLOEXEC)
        try:
            with os.fdopen(os.dup(held), "wb", buffering=0) as file:
                left = memoryview(document)
                while left:
                    left = left[file.write(left) :]
            task = Task(sender=sender, recipient=recipient, by_descriptor=True, terms=terms)
            found, _ = await self.ask(encode_task(task, b""), partial(os.dup, held))
        finally:
            os.close(held)
        return _checked(found)

    async def draft(
        self,
        body: bytes,
        parts: Sequence[DeclaredPart],
        envelope: Envelope,
        *,
        checked: Checked | None = None,
        terms: Terms = SENDING,
    ) -> Drafted:
        """Check and seal a small message; see `emla.ports.sandbox.Clerk.draft`."""
        task = Task(
            sender=envelope.sender,
            recipient=envelope.recipient,
            parts=tuple(parts),
            envelope=envelope,
            checked=checked,
            terms=terms,
        )
        found, payload = await self.ask(encode_task(task, body))
        checked = checked or _checked(found)
        if found.code:
            return Drafted(checked=checked, sealed=_refusal(found))
        if not found.manifest:
            raise SandboxDiedError("The clerk says that it sealed, and did not.")
        plan = plan_for(envelope, checked.message)
        reference = PayloadReference(
            id=plan.payload_id,
            size=len(payload),
            sha256=hashlib.sha256(payload).digest(),
            commit=found.commit,
        )
        draft = draft_header(plan, reference, content_commitment(found.manifest), found.stanza)
        return Drafted(
            checked=checked,
            sealed=SealedPayload(draft=draft, payload=payload, manifest=found.manifest, cek=plan.cek),
        )


def _checked(found: Found) -> Checked:
    if found.checked is None:
        raise _refusal(found)
    return found.checked


def _refusal(found: Found) -> InvalidMessageError:
    return InvalidMessageError(found.code, found.detail, findings=found.findings)
