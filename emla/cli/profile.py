"""`emla profile`: what this authority says of itself and what it wants of requests. Showing it needs no server."""

import click

from emla.cli.invocation import OWN_DOCUMENTS, common, initialised_data, wants_json
from emla.cli.lazy import Entry, LazyGroup, example_text

profile = LazyGroup(
    "profile",
    table={
        "show": Entry("profile:show", "Show what peers read about this authority."),
        "set": Entry("profile_set:change", "Change what peers read about this authority, and tell them."),
    },
    text="What this authority says of itself: names, contacts, languages, and what it wants of requests.",
    example="emla profile show",
)


@common
@click.command(epilog=example_text("emla profile show"))
def show() -> None:
    """Show what peers read about this authority.

    Names, contacts, languages, and what it wants of requests; what is not said is not shown. What a peer says:
    `emla peer show`.
    """
    from emla.cli import screen
    from emla.cli.own import read_authority, read_documents
    from emla.cli.profile_view import profile_rows
    from emla.formats.profile_members import members_of

    found = read_authority(read_documents(initialised_data() / OWN_DOCUMENTS)).profile
    if wants_json():
        head = {"authority": found.authority, "version": found.version, "created": screen.utc(found.created)}
        screen.emit_json(head | {"profile": members_of(found)})
        return
    head_rows = [("Authority", found.authority), ("Profile", f"version {found.version}")]
    screen.facts([*head_rows, *profile_rows(found)])
