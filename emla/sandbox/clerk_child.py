"""The clerk process itself: it checks messages and seals small ones. Started as ``python -m emla.sandbox.clerk_child FD``.

Rule of this file: what came together is read one after another, then judged, then sealed: the code of each step stays in the
processor's cache. No two large documents come together, because a descriptor ends what the system gives in one read. The answers
leave in one write, in the order of the requests.
"""

import os
import secrets
import sys
from datetime import UTC, datetime

from lxml import etree

from emla.formats import h1
from emla.model.documents import CardKey, KeyUse
from emla.model.errors import InvalidMessageError
from emla.model.legal_act import LegalAct
from emla.model.limits import WIRE, XmlLimits
from emla.model.message import Message, SigningOfficer
from emla.model.package import CardReference, DeclaredPart, PartRole
from emla.ports.sandbox import Checked
from emla.sandbox.channel import Channel
from emla.sandbox.child import PeakMemory, load_schemas, run
from emla.sandbox.clerk_wire import TASK_BYTES_MAX, Found, Task, decode_task, encode_found
from emla.sandbox.confine import allow_processor_seconds
from emla.sandbox.frames import WireError
from emla.sandbox.prepare import Desk, begin, check, seal_parts
from emla.sandbox.wire import Start
from emla.steps.seal import Envelope
from emla.steps.validate import ReadDocument

AT_ONCE = 8
"""Requests of which one step is done before the next."""


class ClerkWork:
    """Checks and seals; implements `emla.sandbox.child.Work`."""

    frame_bytes_max = TASK_BYTES_MAX

    def __init__(self) -> None:
        self._desk: Desk
        self._cpu_seconds: int

    def load(self, start: Start, memory: PeakMemory) -> None:
        """Read the schemas."""
        self._cpu_seconds = start.cpu_seconds
        self._desk = Desk(
            schemas=load_schemas(start.schemas), limits=XmlLimits(), memory_is_tight=memory.is_tight
        )

    def attempt(self) -> None:
        """Check a document that is invalid, and seal one that was not checked, to a key of the moment."""
        root = etree.QName(self._desk.schemas.roots[0])
        invalid = f'<{root.localname} xmlns="{root.namespace}"><x/></{root.localname}>'.encode()
        task = Task(sender="xx.one", recipient=None)
        found = self._check(task, self._begin(task, memoryview(invalid)))
        if found.code != "invalid-message" or not found.findings:
            raise AssertionError("The clerk does not find what is wrong.")
        sealed = self._seal(_trial(len(invalid)), memoryview(invalid), Found(checked=_TRIAL))
        if sum(map(len, sealed)) < len(invalid):
            raise AssertionError("The clerk does not seal.")

    def serve(self, channel: Channel) -> None:
        """Answer what comes, several at once where several are there."""
        while frames := channel.receive_several(AT_ONCE):
            tasks = [decode_task(frame) for frame in frames]
            # In the order of their requests, as descriptors come.
            begun = [
                self._begin(task, body, channel.take_descriptor() if task.by_descriptor else None)
                for task, body in tasks
            ]
            checked = [self._check(task, each) for (task, _), each in zip(tasks, begun, strict=True)]
            buffers: list[bytes | memoryview] = []
            for (task, body), found in zip(tasks, checked, strict=True):
                buffers += self._seal(task, body, found)
            channel.send_several(buffers)

    def _begin(
        self, task: Task, body: memoryview, descriptor: int | None = None
    ) -> ReadDocument | InvalidMessageError | Checked:
        if task.checked is not None:
            return task.checked
        allow_processor_seconds(self._cpu_seconds)
        if descriptor is not None:
            document = _read(descriptor)
        else:
            document = bytes(body[: task.parts[0].size] if task.parts else body)
        return begin(document, self._desk)

    def _check(self, task: Task, begun: ReadDocument | InvalidMessageError | Checked) -> Found:
        if isinstance(begun, Checked):
            return Found(checked=begun)
        allow_processor_seconds(self._cpu_seconds)
        try:
            return Found(checked=check(begun, task.sender, task.recipient, self._desk, task.terms))
        except InvalidMessageError as error:
            return _refused(error, None)

    def _seal(self, task: Task, body: memoryview, found: Found) -> tuple[bytes | memoryview, ...]:
        if task.envelope is None or found.checked is None:
            return encode_found(found, [])
        if len(body) != sum(part.size for part in task.parts):
            raise WireError("parts of another size")
        allow_processor_seconds(self._cpu_seconds)
        try:
            sealed, pieces = seal_parts(body, task.parts, task.envelope, found.checked)
        except InvalidMessageError as error:
            return encode_found(_refused(error, found.checked), [])
        draft = sealed.draft
        return encode_found(
            Found(
                checked=found.checked,
                manifest=sealed.manifest,
                stanza=draft.stanza,
                commit=draft.payload.commit,
            ),
            pieces,
        )


_TRIAL = Checked(
    message=Message(
        message_type="Trial",
        namespace="",
        message_id=bytes(16),
        case_id=bytes(16),
        generation=1,
        issued_at=datetime.fromtimestamp(0, UTC),
        sender="xx.one",
        recipient="xx.two",
        copy_to=(),
        requesting_reference="",
        requested_reference=None,
        in_reply_to=None,
        language="en",
        urgency="ROUTINE",
        attachments=(),
        signing_officer=SigningOfficer(name="clerk", post="trial"),
    ),
    act=LegalAct(
        message_id=bytes(16),
        case_id=bytes(16),
        digest=bytes(32),
        message_type="Trial",
        generation=1,
        issued_at=datetime.fromtimestamp(0, UTC),
        sender="xx.one",
        recipient="xx.two",
    ),
    findings=(),
)


def _trial(size_bytes: int) -> Task:
    card = CardReference(version=1, sha256=bytes(32))
    public = h1.SealingKey(secrets.token_bytes(32)).public
    envelope = Envelope(
        sender="xx.one",
        recipient="xx.two",
        recipient_key=CardKey(
            kid="0" * 32, use=KeyUse.SEAL, alg=h1.NAME, public=public, not_before=0, not_after=1
        ),
        sender_card=card,
        recipient_card=card,
        epoch=1,
        msg=bytes(16),
        payload_id=bytes(16),
        cek=secrets.token_bytes(32),
        salt=bytes(32),
        created=0,
        expires=WIRE.expiry_seconds_min,
        prio=None,
    )
    part = DeclaredPart(name="trial.xml", media="application/xml", role=PartRole.MAIN, size=size_bytes)
    return Task(sender="xx.one", recipient="xx.two", parts=(part,), envelope=envelope)


def _refused(error: InvalidMessageError, checked: Checked | None) -> Found:
    return Found(checked=checked, code=error.code, detail=error.detail, findings=error.findings)


def _read(descriptor: int) -> bytes:
    try:
        size_bytes = os.lseek(descriptor, 0, os.SEEK_END)
        return os.pread(descriptor, size_bytes, 0)
    finally:
        os.close(descriptor)


if __name__ == "__main__":
    run(int(sys.argv[1]), ClerkWork())
