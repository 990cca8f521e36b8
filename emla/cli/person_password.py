"""`emla person password`: another password for oneself; passwords are asked for, or come through open descriptors."""

import click

from emla.cli.invocation import common, wants_json, with_client
from emla.cli.lazy import example_text


@common
@click.command(epilog=example_text("emla person password"))
@click.option(
    "--today-fd", type=click.IntRange(min=0), metavar="N", help="Read today's password from descriptor N."
)
@click.option(
    "--password-fd", type=click.IntRange(min=0), metavar="N", help="Read the new one from descriptor N."
)
def password(*, today_fd: int | None, password_fd: int | None) -> None:
    """Change your own password.

    At least 12 characters. The first one is set with an invitation (`emla token new --set-password`).
    """
    from emla.cli import screen
    from emla.cli.passwords import new_secret, secret

    today = secret("Password of today", today_fd)
    wanted = new_secret("New password", password_fd)
    with_client(lambda client: client.change_password(today, wanted))
    if wants_json():
        screen.emit_json({"changed": True})
    else:
        screen.say("The password is changed.", style="green")
