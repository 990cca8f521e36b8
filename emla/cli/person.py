"""`emla person`: who works here, and what each of them may do."""

import click

from emla.cli.invocation import common, wants_json, with_client
from emla.cli.lazy import Entry, LazyGroup, example_text
from emla.model.person import PersonRole

ROLES = click.Choice([each.value for each in PersonRole])

person = LazyGroup(
    "person",
    table={
        "add": Entry("person:add", "Put somebody on record."),
        "list": Entry("person:list_people", "List everybody on record."),
        "show": Entry("person:show", "Show one person: roles, tokens, cases."),
        "roles": Entry("person:roles", "Give somebody these roles, and no others."),
        "grant": Entry("person:grant", "Let somebody see a case."),
        "withdraw": Entry("person:withdraw", "Let somebody see a case no longer."),
        "invite": Entry("person:invite", "Let somebody in again: old tokens end."),
        "disable": Entry("person:disable", "Shut somebody out."),
        "password": Entry("person_password:password", "Change your own password."),
    },
    text="Who works here, and what each of them may do.",
    example="emla person add anna.kovacs --full-name 'Anna Kovacs' --role central_officer",
)


@common
@click.command(epilog=example_text("emla person add anna --full-name 'Anna Kovacs' --role key_custodian"))
@click.argument("name")
@click.option("--full-name", required=True, help="The name as people write it.")
@click.option(
    "--role", "wanted", type=ROLES, multiple=True, required=True, help="May be given more than once."
)
def add(*, name: str, full_name: str, wanted: tuple[str, ...]) -> None:
    """Put somebody on record.

    Prints an invitation, once. Give it to that person by hand: with it he or she takes a token within three
    days (`emla token new`). Begin with a key custodian: from the first person on, every call needs a token.
    """
    from emla.cli import screen
    from emla.cli.person_view import show_invitation

    found = with_client(lambda client: client.add_person(name, full_name, wanted))
    if wants_json():
        screen.emit_json(found)
        return
    screen.say(f"{found.name} ({found.full_name}) is on record: {', '.join(found.roles)}.", style="green")
    show_invitation(found)


@common
@click.command("list", epilog=example_text("emla person list"))
def list_people() -> None:
    """List everybody on record."""
    from emla.cli import screen
    from emla.cli.person_view import COLUMNS, person_row

    found = with_client(lambda client: client.people())
    if wants_json():
        screen.emit_json({"items": found})
    elif not found:
        screen.note("Nobody is on record: whoever may open the socket of the data folder has every role.")
        screen.note("Begin with a key custodian: emla person add NAME --full-name NAME --role key_custodian")
    else:
        screen.table(COLUMNS, [person_row(each) for each in found], fold=("Roles",))


@common
@click.command(epilog=example_text("emla person show anna"))
@click.argument("name")
def show(name: str) -> None:
    """Show one person: roles, tokens, cases.

    NAME may be the id that the ledger names.
    """
    from emla.cli import screen
    from emla.cli.person_view import show_person

    found = with_client(lambda client: client.person(name))
    if wants_json():
        screen.emit_json(found)
    else:
        show_person(found)


@common
@click.command(epilog=example_text("emla person roles anna --role prosecutor --role approver"))
@click.argument("name")
@click.option(
    "--role", "wanted", type=ROLES, multiple=True, required=True, help="May be given more than once."
)
def roles(*, name: str, wanted: tuple[str, ...]) -> None:
    """Give somebody these roles, and no others.

    Holds at once, for tokens that are there too.
    """
    from emla.cli import screen

    found = with_client(lambda client: client.change_roles(name, wanted))
    if wants_json():
        screen.emit_json(found)
    else:
        screen.say(f"{found.name} is now: {', '.join(found.roles)}.", style="green")


@common
@click.command(epilog=example_text("emla person grant paul 5d2c0f1e9a8b7c6d5e4f3a2b1c0d9e8f"))
@click.argument("name")
@click.argument("case_id", metavar="CASE")
def grant(*, name: str, case_id: str) -> None:
    """Let somebody see a case.

    For somebody who did not draft in it. CASE is the conversation, 32 digits.
    """
    from emla.cli import screen

    found = with_client(lambda client: client.name_for_case(name, case_id, named=True))
    if wants_json():
        screen.emit_json(found)
    else:
        screen.say(f"{found.name} sees the case {case_id}.", style="green")


@common
@click.command(epilog=example_text("emla person withdraw paul 5d2c0f1e9a8b7c6d5e4f3a2b1c0d9e8f"))
@click.argument("name")
@click.argument("case_id", metavar="CASE")
def withdraw(*, name: str, case_id: str) -> None:
    """Let somebody see a case no longer."""
    from emla.cli import screen

    found = with_client(lambda client: client.name_for_case(name, case_id, named=False))
    if wants_json():
        screen.emit_json(found)
    else:
        screen.say(f"{found.name} does not see the case {case_id} any more.", style="green")


@common
@click.command(epilog=example_text("emla person invite anna"))
@click.argument("name")
def invite(name: str) -> None:
    """Let somebody in again: old tokens end.

    The password ends, too; an invitation takes their place. Webhooks of this person pause: `emla webhook resume` those that are
    known, `emla webhook remove` the others.
    """
    from emla.cli import screen
    from emla.cli.person_view import show_invitation

    found = with_client(lambda client: client.invite_person(name))
    if wants_json():
        screen.emit_json(found)
    else:
        show_invitation(found)


@common
@click.command(epilog=example_text("emla person disable anna"))
@click.argument("name")
def disable(name: str) -> None:
    """Shut somebody out.

    Every token ends, webhooks pause, the password opens nothing. What was recorded stays recorded.
    """
    from emla.cli import screen

    found = with_client(lambda client: client.disable_person(name))
    if wants_json():
        screen.emit_json(found)
    else:
        screen.say(f"{found.name} is shut out.", style="green")
