"""`emla draft`: messages that wait for a second person. Whoever drafted one does not approve it."""

from typing import TYPE_CHECKING

import click

from emla.cli.invocation import at_terminal, common, wants_json, with_client
from emla.cli.lazy import Entry, LazyGroup, example_text

if TYPE_CHECKING:
    from emla.client.client import Client
    from emla.client.draft_answers import Draft

draft = LazyGroup(
    "draft",
    table={
        "list": Entry("draft:list_drafts", "List drafts, the newest first."),
        "show": Entry("draft:show", "Show one draft: what would be sent, and what was found."),
        "open": Entry("draft_open:open_draft", "Save the parts of a draft as files."),
        "approve": Entry("draft:approve", "Approve a draft: it is sent at once."),
        "return": Entry("draft:give_back", "Return a draft to its drafter, with the reason."),
        "withdraw": Entry("draft:withdraw", "Take a draft of your own back."),
        "review": Entry("draft:review", "Look at a message that went without a second person."),
    },
    text="Messages that were handed in and wait for a second person, who approves and sends them.",
    example="emla draft list --waiting",
)
HASH = click.option(
    "--hash",
    "looked_at",
    metavar="HASH",
    help="The hash of what you looked at; else it is shown and you are asked.",
)


@common
@click.command("list", epilog=example_text("emla draft list --waiting"))
@click.option("--waiting", is_flag=True, help="Only those that wait for approval.")
@click.option("--mine", is_flag=True, help="Only those that you drafted.")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True)
def list_drafts(*, waiting: bool, mine: bool, limit: int) -> None:
    """List drafts, the newest first.

    A prosecutor sees his own; whoever sees all cases sees all.
    """
    from emla.cli import screen
    from emla.cli.draft_view import COLUMNS, draft_row

    state = "WAITING" if waiting else None
    found = with_client(lambda client: client.drafts(state=state, mine=mine, limit=limit))
    if wants_json():
        screen.emit_json({"items": found})
    elif not found:
        screen.note("No drafts.")
    else:
        screen.table(COLUMNS, [draft_row(each) for each in found], fold=("Message", "To", "State"))


@common
@click.command(epilog=example_text("emla draft show 5d2c0f1e"))
@click.argument("draft_id", metavar="DRAFT")
def show(draft_id: str) -> None:
    """Show one draft: what would be sent, and what was found.

    DRAFT is its id or a beginning of it (8 digits or more). To read the message itself: emla draft open
    """
    from emla.cli import screen
    from emla.cli.draft_view import show_draft
    from emla.cli.finding_table import show_findings

    found = with_client(lambda client: client.one_draft(draft_id))
    if wants_json():
        screen.emit_json(found)
        return
    show_draft(found)
    if found.findings:
        show_findings(found.findings)


@common
@click.command(epilog=example_text("emla draft approve 5d2c0f1e"))
@click.argument("draft_id", metavar="DRAFT")
@HASH
@click.option("--yes", is_flag=True, help="Do not ask.")
def approve(draft_id: str, *, looked_at: str | None, yes: bool) -> None:
    """Approve a draft: it is sent at once.

    For an approver who did not draft it. It goes exactly as it was handed in, and is judged once more by its case as it
    stands now. The ledger keeps who approved it.
    """
    from emla.cli import screen
    from emla.cli.draft_view import show_draft

    async def work(client: "Client") -> "Draft":
        seen = await _looked_at(client, draft_id, looked_at, yes=yes, question="Approve it, and send it now?")
        return await client.approve_draft(draft_id, seen)

    found = with_client(work)
    if wants_json():
        screen.emit_json(found)
        return
    show_draft(found)
    if found.pid:
        screen.note(f"It is sealed and durable here. See how it goes: emla message show {found.pid[:12]}")


@common
@click.command(
    "return", epilog=example_text('emla draft return 5d2c0f1e --reason "The account number is missing."')
)
@click.argument("draft_id", metavar="DRAFT")
@click.option("--reason", required=True, help="What the drafter has to mend, in a line.")
@HASH
@click.option("--yes", is_flag=True, help="Do not ask.")
def give_back(draft_id: str, *, reason: str, looked_at: str | None, yes: bool) -> None:
    """Return a draft to its drafter, with the reason.

    The drafter sees the reason (`emla draft show`), can take the files back (`emla draft open`), and hands in another one.
    """
    from emla.cli import screen

    async def work(client: "Client") -> "Draft":
        seen = await _looked_at(client, draft_id, looked_at, yes=yes, question="Return it?")
        return await client.return_draft(draft_id, seen, reason)

    found = with_client(work)
    if wants_json():
        screen.emit_json(found)
    else:
        screen.say(f"Returned to {found.drafter}.", style="green")


@common
@click.command(epilog=example_text("emla draft withdraw 5d2c0f1e"))
@click.argument("draft_id", metavar="DRAFT")
def withdraw(draft_id: str) -> None:
    """Take a draft of your own back.

    Its content is removed; to keep it, `emla draft open` first.
    """
    from emla.cli import screen

    found = with_client(lambda client: client.withdraw_draft(draft_id))
    if wants_json():
        screen.emit_json(found)
    else:
        screen.say(f"{found.id} is withdrawn.", style="green")


@common
@click.command(epilog=example_text("emla draft review 0f9e8d7c6b5a49388776655443322110 --agree"))
@click.argument("message_id", metavar="MESSAGE")
@click.option("--agree/--object", "agrees", required=True, default=None, help="Whether it should have gone.")
@click.option("--words", default="", help="What you have to say of it, in a line.")
def review(message_id: str, *, agrees: bool, words: str) -> None:
    """Look at a message that went without a second person.

    For an approver who did not send it. MESSAGE is its message id (`emla audit alone --open`). It went: this records who
    has looked at it since, and whether it should have gone.
    """
    from emla.cli import screen
    from emla.cli.draft_view import ALONE_COLUMNS, alone_row

    found = with_client(lambda client: client.review_alone(message_id, agrees=agrees, words=words))
    if wants_json():
        screen.emit_json(found)
    else:
        screen.table(ALONE_COLUMNS, [alone_row(found)], fold=("Reason", "Reviewed"))


async def _looked_at(client: "Client", draft_id: str, given: str | None, *, yes: bool, question: str) -> str:
    """The hash of what this person looked at: the one given, or that of what is shown now, if he says so."""
    from emla.cli.draft_view import show_draft
    from emla.cli.finding_table import show_findings
    from emla.model.errors import InvalidMessageError

    if given is not None:
        return given
    if not yes and not at_terminal():
        raise click.UsageError("There is no terminal to ask at: say --hash HASH (emla draft show), or --yes.")
    found = await client.one_draft(draft_id)
    if found.hash is None:
        raise InvalidMessageError("draft-decided")
    if not yes:
        show_draft(found)
        if found.findings:
            show_findings(found.findings, on_error=True)
        click.confirm(question, default=False, abort=True, err=True)
    return found.hash
