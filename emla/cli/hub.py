"""`emla hub`: what a hub holds for its members."""

import click

from emla.cli.invocation import common, wants_json, with_client
from emla.cli.lazy import Entry, LazyGroup, example_text

hub = LazyGroup(
    "hub",
    table={"list": Entry("hub:list_mailboxes", "List the mailboxes of this hub.")},
    text="What a hub holds for its members. Only on a folder that is served with --role hub.",
    example="emla hub list",
)


@common
@click.command("list", epilog=example_text("emla hub list"))
def list_mailboxes() -> None:
    """List the mailboxes of this hub.

    A hub cannot read what it holds: there are numbers, sizes and times.
    """
    from emla.cli import screen
    from emla.cli.wording import instant

    found = with_client(lambda client: client.mailboxes())
    if wants_json():
        screen.emit_json({"items": found})
        return
    if not found:
        screen.note("No members. Pin the first one with `emla peer import`.")
        return
    screen.table(
        ("Member", "Items", "Bytes", "Oldest", "Pinned"),
        [
            (
                each.authority,
                str(each.items),
                f"{each.bytes:,}",
                instant(each.oldest),
                "yes" if each.pinned else "NO",
            )
            for each in found
        ],
        fold=("Member",),
    )
