"""Drafts, and messages that went without a second person, on the screen."""

from emla.cli import screen
from emla.cli.invocation import wants_json
from emla.cli.wording import instant, plain, short, size
from emla.client.draft_answers import Draft, DraftLine, SentAlone

COLUMNS = ("Draft", "State", "Message", "To", "Drafted by", "Handed in", "Lapses")
ALONE_COLUMNS = ("Message id", "At", "By", "Urgency", "Reason", "Reviewed")


def draft_row(line: DraftLine) -> tuple[str, ...]:
    """A draft in a list."""
    return (
        short(line.id),
        _state(line),
        line.message or "-",
        line.recipient or "-",
        str(line.drafter),
        instant(line.at),
        instant(line.lapses_at) if line.state in ("WAITING", "RETURNED") else "-",
    )


def _state(line: DraftLine) -> str:
    by = f" by {line.decided_by}" if line.decided_by else ""
    return {
        "WAITING": "waits for approval",
        "RETURNED": f"returned{by}",
        "SENT": f"approved{by} and sent" if by else "sent another way",
        "WITHDRAWN": "withdrawn",
        "LAPSED": "lapsed",
    }.get(line.state, line.state)


def show_draft(draft: Draft) -> None:
    """A draft whole: what an approver has to know before it goes."""
    rows = [("Draft", draft.id), ("State", _state(draft))]
    if draft.message:
        rows += [
            ("Message", draft.message),
            ("To", draft.recipient or ""),
            ("Signed by", draft.officer or ""),
            ("Urgency", draft.urgency or ""),
        ]
    rows += [
        ("Case", draft.case_id),
        ("Message id", draft.message_id),
        ("Drafted by", str(draft.drafter)),
        ("Handed in", instant(draft.at)),
    ]
    if draft.returned_because:
        rows.append(("Returned because", draft.returned_because))
    if draft.pid:
        rows.append(("Package", draft.pid))
    if draft.hash:
        rows += [("Lapses", instant(draft.lapses_at)), ("Hash", draft.hash)]
    screen.facts([(name, plain(value)) for name, value in rows])
    if draft.parts:
        screen.table(
            ("Part", "File", "Kind", "Role", "Size"),
            [(str(each.n), plain(each.name), each.media, each.role, size(each.size)) for each in draft.parts],
            fold=("File",),
        )
    for each in draft.overrides:
        screen.note(f"In spite of {each.rule}: {plain(each.reason)}", style="yellow")
    if draft.case_moved:
        screen.note("Its case has another act by now than its drafter saw: return it.", style="yellow")


def show_waiting(draft: Draft) -> None:
    """What a drafter is told. It is not sent, and this says so."""
    if wants_json():
        screen.emit_json(draft)
        return
    screen.say(
        f"{draft.message} to {draft.recipient}: waits for approval, and is not sent yet.", style="yellow"
    )
    screen.facts([("Draft", draft.id), ("Lapses", instant(draft.lapses_at))])
    screen.note(f"Another person looks at it and sends it: emla draft approve {short(draft.id)}")
    screen.note(f"See what became of it: emla draft show {short(draft.id)}")


def alone_row(each: SentAlone) -> tuple[str, ...]:
    """A message that went alone, in a list."""
    word = "agreed" if each.agrees else "objected"
    reviewed = f"{word}, {each.reviewed_by} {each.words}".strip() if each.reviewed_by else "not yet"
    return (
        each.message_id,
        instant(each.at),
        str(each.person),
        each.urgency,
        "(erased)" if each.erased else plain(each.reason),
        plain(reviewed),
    )
