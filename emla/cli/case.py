"""`emla case`: what was asked for, where it stands by the legal acts of both sides, and what happens next."""

import click

from emla.cli.invocation import common, wants_json, with_client
from emla.cli.lazy import Entry, LazyGroup, example_text

case = LazyGroup(
    "case",
    table={
        "list": Entry("case:list_cases", "List cases: where each stands, and whose turn it is."),
        "show": Entry("case:show", "Show one case: delivery, request and measures, side by side."),
        "timeline": Entry("case:timeline", "Show everything that happened in a case, oldest first."),
        "watch": Entry("case:watch", "Show a case, and again whenever something in it changes."),
        "act": Entry("case_act:act", "Say what your authority has to say in a case."),
        "accesses": Entry(
            "case_accesses:accesses", "Show who read what you sent, by the ledgers of its holders."
        ),
        "hold": Entry("case_erase:hold", "Put a case on legal hold: nobody erases anything of it."),
        "unhold": Entry("case_erase:unhold", "Lift the legal hold of a case."),
        "erase": Entry(
            "case_erase:erase", "Erase everything that is here of a case. It cannot be taken back."
        ),
        "approve-erasure": Entry(
            "case_erase:approve_erasure",
            "Confirm an order to erase a case, as the second person. It cannot be taken back.",
        ),
        "cancel-erasure": Entry(
            "case_erase:cancel_erasure",
            "Take an order back that waits for a second person: your own, or as an approver.",
        ),
    },
    text="Cases: status moved by the legal acts of the two authorities, and by nothing else.",
    example="emla case list --ours",
)


@common
@click.command("list", epilog=example_text("emla case list --ours"))
@click.option(
    "--state", help="Only cases in which something is in this state, for example AWAITING_SUPPLEMENT."
)
@click.option("--ours", is_flag=True, help="Only cases in which it is our turn.")
@click.option("--overdue", is_flag=True, help="Only cases in which a time limit ran out.")
@click.option("--mine", is_flag=True, help="Only your own cases: those you drafted in, or were named for.")
@click.option("--erased", is_flag=True, help="Only cases of which something was ordered erased.")
@click.option(
    "--behind", default="", metavar="CASE", help="With --erased: go on behind this case (whole id)."
)
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True)
def list_cases(
    *, state: str | None, ours: bool, overdue: bool, mine: bool, erased: bool, behind: str, limit: int
) -> None:
    """List cases: where each stands, and whose turn it is.

    Those in which something came or went last stand in front; with --erased those whose erasure was ordered last.
    """
    from emla.cli import screen
    from emla.cli.case_view import show_cases

    wanted = state.upper() if state else None
    found = with_client(
        lambda client: client.cases(
            state=wanted,
            ours=ours,
            overdue=overdue,
            mine=mine,
            erased=erased,
            behind=behind,
            limit=limit,
        )
    )
    if wants_json():
        screen.emit_json(found)
    elif not found.items:
        screen.note("No such cases." if wanted or ours or overdue or mine or erased else "No cases.")
    else:
        show_cases(found)


@common
@click.command(epilog=example_text("emla case show 3f9a1c20"))
@click.argument("case_id", metavar="CASE")
def show(case_id: str) -> None:
    """Show one case: delivery, request and measures, side by side.

    CASE is the case id or a beginning of it (8 digits or more).
    """
    from emla.cli import screen
    from emla.cli.case_view import show_case

    found = with_client(lambda client: client.case(case_id))
    if wants_json():
        screen.emit_json(found)
    else:
        show_case(found)


@common
@click.command(epilog=example_text("emla case timeline 3f9a1c20"))
@click.argument("case_id", metavar="CASE")
def timeline(case_id: str) -> None:
    """Show everything that happened in a case, oldest first.

    CASE is the case id or a beginning of it. Acts stand at the instant at which they were signed, what the transport did at that
    of its proof: the two clocks may differ.
    """
    from emla.cli import screen
    from emla.cli.case_view import show_timeline

    found = with_client(lambda client: client.timeline(case_id))
    if wants_json():
        screen.emit_json(found)
    else:
        show_timeline(found)


@common
@click.command(epilog=example_text("emla case watch 3f9a1c20"))
@click.argument("case_id", metavar="CASE")
@click.option("--until", help="Leave as soon as the request is in this state, for example RECEIVED.")
def watch(case_id: str, *, until: str | None) -> None:
    """Show a case, and again whenever something in it changes.

    CASE is the case id or a beginning of it. It goes on until it is interrupted (Ctrl-C), or --until holds.
    """
    from emla.cli import screen
    from emla.cli.case_view import show_case
    from emla.client.case_answers import Case
    from emla.client.client import WAIT_SECONDS_MAX, Client

    wanted = until.upper() if until else None

    async def work(client: Client) -> None:
        shown = ""
        found: Case = await client.case(case_id)
        while True:
            if found.view != shown:
                screen.emit_json(found) if wants_json() else show_case(found)
                shown = found.view
            if wanted and any(each.request == wanted for each in found.standings):
                return
            found = await client.case(found.case_id, seen=shown, wait_seconds=WAIT_SECONDS_MAX)

    with_client(work)
