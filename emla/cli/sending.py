"""Parts handed in at the server, and what is proven of them afterwards: for every command that sends."""

import time
from typing import TYPE_CHECKING

import click

from emla.cli.invocation import wants_json, with_client
from emla.client.answers import Message
from emla.client.upload import OpenPart
from emla.model.findings import Override
from emla.model.package import Priority

if TYPE_CHECKING:
    from emla.client.client import Client
    from emla.client.draft_answers import Draft

_DELIVERED = "RelayAcceptance"
_REFUSED = frozenset({"SubmissionRejection", "RelayRejection", "RelayFailure"})


def submit(
    parts: list[OpenPart],
    recipient: str,
    prio: Priority | None,
    expires_days: int | None,
    overrides: tuple[Override, ...],
    wait_seconds: int,
    case_etag: str | None = None,
    emergency: str | None = None,
) -> "Message | Draft":
    """Hand the parts in: for approval, where another person must approve what this one sends; else send them, and wait so
    long for the recipient's answer.
    """
    from emla.cli import screen
    from emla.client.upload import Submission

    async def handed_in(client: "Client") -> "Message | Draft":
        waits = emergency is None and client.has_token and (await client.myself()).needs_approval
        with screen.progress(
            "Handing in" if waits else "Sending", sum(part.size for part in parts)
        ) as advance:
            submission = Submission(
                parts,
                recipient=recipient,
                prio=prio,
                expires_in_days=expires_days,
                overrides=overrides,
                case_etag=case_etag,
                progress=advance,
                emergency=emergency,
            )
            if waits:
                found = await client.hand_in(submission)
                if found.draft is not None:
                    return found.draft
                pid = found.pid or ""  # it was approved and sent before
            else:
                pid = (await client.submit_whole(submission)).pid
        return await _wait(client, pid, wait_seconds)

    return with_client(handed_in)


async def _wait(client: "Client", pid: str, wait_seconds: int) -> Message:
    """The message, as soon as its recipient has answered or the time is over."""
    from emla.cli import screen

    end = time.monotonic() + wait_seconds
    message = await client.message(pid)
    if wait_seconds and not _events(message) & (_REFUSED | {_DELIVERED}):
        screen.note(f"Sealed and durable here. Waiting up to {wait_seconds} s for {message.peer}.")
    while not _events(message) & (_REFUSED | {_DELIVERED}):
        left = int(end - time.monotonic())
        if left <= 0:
            break
        message = await client.wait_for(pid, after=len(message.acknowledgements), wait_seconds=left)
    return message


def _events(message: Message) -> frozenset[str]:
    return frozenset(each.event for each in message.acknowledgements)


def show_sent(sent: "Message | Draft", wait_seconds: int) -> None:
    """What is proven of it. Delivery is not acceptance, and this says so; waiting for approval is neither."""
    from emla.cli import screen
    from emla.client.draft_answers import Draft

    if isinstance(sent, Draft):
        from emla.cli.draft_view import show_waiting

        show_waiting(sent)
        return
    from emla.cli.message_view import show_acknowledgements
    from emla.cli.wording import NOT_ACCEPTANCE, instant, short, state
    from emla.model.codes import CODES

    events = _events(sent)
    if wants_json():
        screen.emit_json(sent)
    else:
        screen.facts([("Package", sent.pid), ("To", sent.peer), ("State", state(sent.state))])
        show_acknowledgements(sent)
        if _DELIVERED in events:
            screen.note(NOT_ACCEPTANCE)
        elif not events & _REFUSED:
            waited = f" within {wait_seconds} s" if wait_seconds else ""
            screen.note(f"Not delivered yet{waited}; emla keeps trying until {instant(sent.expires)}.")
            screen.note(f"See how it goes: emla message show {short(sent.pid)}")
    if events & _REFUSED:
        raise click.exceptions.Exit(CODES["invalid-message"].exit_code)
