"""A message as a person reads it: transport and acknowledgements, with what each of them proves."""

from rich.text import Text

from emla.cli import screen
from emla.cli.erasure_view import erasure_rows
from emla.cli.holding_view import show_binding
from emla.cli.scan_view import scan_text
from emla.cli.wording import instant, plain, short, size, state
from emla.client.answers import Message, MessageSummary
from emla.client.leg_answers import LegStanding, Trouble

_GOOD = frozenset({"SubmissionAcceptance", "RelayAcceptance", "ContentConsignment", "ContentHandover"})


def show_list(messages: tuple[MessageSummary, ...]) -> None:
    """Print the table of messages."""
    screen.table(
        ("Package", "Way", "Peer", "Message", "State", "Created", "Size"),
        [
            (
                short(each.pid),
                {"in": "from", "out": "to"}.get(each.direction, each.direction),
                each.peer,
                each.message or ("(erased)" if each.erased else "(sealed)"),
                _state(each),
                instant(each.created),
                size(each.size),
            )
            for each in messages
        ],
        fold=("Peer", "Message", "State"),
    )


def _state(message: MessageSummary) -> Text:
    marks = [mark for mark, is_so in (("urgent", message.urgent), ("late", message.late)) if is_so]
    text = Text(plain(message.state))
    if message.code:
        text.append(f" {plain(message.code)}", style="red")
    if message.infected:
        text.append(" malware found", style="bold red")
    if message.erased:
        text.append(f" {message.erased.state.lower()}", style="red")
    if message.hold:
        text.append(" on legal hold", style="yellow")
    if marks:
        text.append(f" ({', '.join(marks)})", style="yellow")
    return text


def show_message(message: Message) -> None:
    """Print everything about one message."""
    rows = [
        ("Package", message.pid),
        ("From" if message.direction == "in" else "To", message.peer),
        ("Message", f"{message.message or _unread(message)}{', urgent' if message.urgent else ''}"),
        ("Message id", message.message_id or "-"),
        ("Case", message.conversation or "-"),
    ]
    if message.in_reply_to:
        rows.append(("In reply to", message.in_reply_to))
    if message.officer:
        rows.append(("Signed by", f"{message.officer.name}, {message.officer.post}"))
    rows += [
        ("Created", instant(message.created)),
        ("Expires", instant(message.expires)),
        ("Transport", f"{state(message.state, message.direction)}{', late' if message.late else ''}"),
    ]
    if message.code:
        rows.append(("Could not be opened", message.code))
    rows += _leg_rows(message)
    rows += erasure_rows(message.hold, [message.erased] if message.erased else [])
    screen.facts(rows)
    scanned = any(each.scan for each in message.parts)
    if message.parts:
        screen.table(
            ("Part", "File", "Kind", "Role", "Size", "SHA-256", *(("Malware scan",) if scanned else ())),
            [
                (
                    *(str(each.n), each.name, each.media, each.role, size(each.size), short(each.sha256)),
                    *((scan_text(each.scan),) if scanned else ()),
                )
                for each in message.parts
            ],
            fold=("File", "Kind", "Malware scan"),
        )
    show_binding(message.holding)
    show_acknowledgements(message)
    if message.trouble:
        show_trouble(message.trouble)


def _unread(message: Message) -> str:
    return "erased" if message.erased else "still sealed"


_TROUBLE = {
    "equivocation": "a second package for the same id or place",
    "contradiction": "a second, different acknowledgement",
    "doubtful": "an acknowledgement that does not hold",
}


def show_trouble(trouble: tuple[Trouble, ...]) -> None:
    """Print what contradicts the message. All of it is kept as proof."""
    screen.table(
        ("Proof against the peer", "At", "Id", "Code"),
        [
            (
                Text(
                    f"{_TROUBLE.get(each.what, plain(each.what))}{f' ({plain(each.event)})' if each.event else ''}",
                    style="bold red",
                ),
                instant(each.at),
                short(each.id),
                each.code,
            )
            for each in trouble
        ],
        fold=("Proof against the peer",),
    )


def _leg_rows(message: Message) -> list[tuple[str, str]]:
    leg = message.leg
    if leg is None:
        return []
    rows = [("Attempts", _attempts(leg))] if leg.attempts or leg.next_at else []
    if leg.overdue:
        rows.append(("Overdue", "it waits longer than it should; it is tried as before"))
    if leg.reason:
        rows.append(("Reason", ": ".join(each for each in (leg.reason, leg.detail) if each)))
    if leg.owner:
        rows.append(("Who must act", leg.owner))
    return rows


def _attempts(leg: LegStanding) -> str:
    words = str(leg.attempts)
    if leg.next_at:
        words += f", next {instant(leg.next_at)}"
    return words + (f", last problem: {leg.last_code}" if leg.last_code else "")


def show_acknowledgements(message: Message) -> None:
    """Print what is proven, in the order in which it happened."""
    screen.table(
        ("Acknowledgement", "At", "By", "What it proves"),
        [
            (
                Text(plain(each.event), style="green" if each.event in _GOOD else "red"),
                instant(each.at),
                each.by,
                each.proves + (f" (reason: {each.reason})" if each.reason else ""),
            )
            for each in message.acknowledgements
        ],
        fold=("By", "What it proves"),
    )
