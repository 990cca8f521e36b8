"""`emla token`: what shows the server who is calling."""

import click

from emla.cli.invocation import common, wants_json, with_client
from emla.cli.lazy import Entry, LazyGroup, example_text
from emla.cli.person import ROLES

token = LazyGroup(
    "token",
    table={
        "new": Entry("token:new", "Take a token for yourself."),
        "list": Entry("token:list_tokens", "Say who you are here, and list your tokens."),
        "revoke": Entry("token:revoke", "End a token."),
    },
    text="What shows the server who is calling.",
    example="emla token new --save",
)


@common
@click.command(epilog=example_text("emla token new --save"))
@click.option("--person", "name", metavar="NAME", help="Show who you are by your password, not by a token.")
@click.option(
    "--password-fd", type=click.IntRange(min=0), metavar="N", help="Read the password from descriptor N."
)
@click.option("--set-password", is_flag=True, help="With an invitation: set a password, too.")
@click.option("--label", default="command line", show_default=True, help="What it is for.")
@click.option("--days", type=click.IntRange(1, 366), help="How long it holds (else 90).")
@click.option("--role", "wanted", type=ROLES, multiple=True, help="Only these of your roles.")
@click.option("--save", is_flag=True, help="Put it into the token file, mode 0600, instead of showing it.")
def new(
    *,
    name: str | None,
    password_fd: int | None,
    set_password: bool,
    label: str,
    days: int | None,
    wanted: tuple[str, ...],
    save: bool,
) -> None:
    """Take a token for yourself.

    With an invitation, or another token, in EMLA_TOKEN or the token file; or with --person and your password.
    It is shown once. A token has no more roles than the one it is taken with. The token file is
    EMLA_TOKEN_FILE, else ~/.config/emla/token.
    """
    from emla.bootstrap.own_token import save_token
    from emla.cli import screen
    from emla.cli.passwords import new_secret, secret

    if name is not None and set_password:
        raise click.UsageError("--set-password goes with an invitation, not with --person.")
    if name is not None:
        known = secret("Password", password_fd)
        found = with_client(lambda client: client.log_in(name, known, label, days=days, roles=wanted))
    else:
        first = new_secret("New password", password_fd) if set_password else None
        found = with_client(lambda client: client.take_token(label, days=days, roles=wanted, password=first))
    if save:
        path = save_token(found.token or "")
        screen.note(f"Your token is in {path}. It ends on {found.expires_at:%Y-%m-%d}.", style="green")
        return
    if wants_json():
        screen.emit_json(found)
        return
    screen.say(found.token or "")
    screen.note(
        f"Shown once; it ends on {found.expires_at:%Y-%m-%d}. Put it into EMLA_TOKEN or the token file."
    )


@common
@click.command("list", epilog=example_text("emla token list"))
def list_tokens() -> None:
    """Say who you are here, and list your tokens."""
    from emla.cli import screen
    from emla.cli.person_view import TOKEN_COLUMNS, token_row

    found = with_client(lambda client: client.myself())
    if wants_json():
        screen.emit_json(found)
    elif found.alone:
        screen.note(
            "Nobody is on record here: whoever may open the socket has every role, and no token is needed."
        )
    else:
        screen.say(f"You are {found.name}: {', '.join(found.roles)}.")
        screen.table(TOKEN_COLUMNS, [token_row(each) for each in found.tokens], fold=("Roles",))


@common
@click.command(epilog=example_text("emla token revoke 5d2c0f1e9a8b"))
@click.argument("token_id", metavar="ID")
def revoke(token_id: str) -> None:
    """End a token.

    One of yours, or, for a key custodian, anybody's. A webhook that was made with it goes on: look at `emla webhook list`, and
    end what must not be there with `emla webhook remove`. `emla person invite` ends all tokens, and pauses all webhooks.
    """
    from emla.cli import screen

    found = with_client(lambda client: client.revoke_token(token_id))
    if wants_json():
        screen.emit_json(found)
    else:
        screen.say(f"The token {found.id} ({found.label}) is ended.", style="green")
