"""`emla keys new`: a key for the server, in a file or token, or a person's key on removable media."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from emla.cli.invocation import common, initialised_data, wants_json
from emla.cli.lazy import example_text
from emla.cli.unlock import chosen, new_passphrase, passphrase_options, token_pin_options

if TYPE_CHECKING:
    from emla.bootstrap.unlock import Chosen


@common
@click.command(epilog=example_text("emla keys new --use sign"))
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--use", type=click.Choice(["sign", "ledger", "seal"]), help="What the server needs it for.")
@click.option("--officer", metavar="NAME", help="A key officer's personal key, written to FILE.")
@click.option("--token", metavar="LABEL", help="Make it in this hardware token (sign and ledger only).")
@click.option("--token-module", metavar="PATH", help="The token's PKCS#11 library.")
@passphrase_options
@token_pin_options
@click.option("--dry-run", is_flag=True, help="Say what would be made; make nothing.")
def new(
    *,
    file: Path | None,
    use: str | None,
    officer: str | None,
    token: str | None,
    token_module: str | None,
    passphrase_file: Path | None,
    passphrase_fd: int | None,
    token_pin_file: Path | None,
    token_pin_fd: int | None,
    dry_run: bool,
) -> None:
    """Make a private key.

    With --use, a key for the server, in the data folder or a token. It is in force when a published card
    lists it. With --officer, a person's key in FILE, locked under that person's own passphrase.
    """
    if (use is None) == (officer is None):
        raise click.UsageError("Give either --use, or --officer with a FILE.")
    if (officer is None) != (file is None):
        raise click.UsageError("FILE is for --officer: where that person's key is written.")
    if (token is None) != (token_module is None) or (token and use not in ("sign", "ledger")):
        raise click.UsageError("--token and --token-module go together, with --use sign or --use ledger.")
    if file is not None and officer is not None:
        _officer(file, officer, passphrase_file, passphrase_fd, dry_run=dry_run)
        return
    secrets = chosen(
        passphrase_file=passphrase_file,
        passphrase_fd=passphrase_fd,
        token_pin_file=token_pin_file,
        token_pin_fd=token_pin_fd,
    )
    name = None if token is None or token_module is None else (token_module, token)
    _server_key(str(use), name, secrets, dry_run=dry_run)


def _server_key(use: str, name: tuple[str, str] | None, secrets: "Chosen", *, dry_run: bool) -> None:
    import os

    from emla import config
    from emla.bootstrap.new_keys import add_key
    from emla.bootstrap.own import KEYS, own_authority
    from emla.bootstrap.unlock import passphrase_sources, token_pin_sources
    from emla.cli import screen
    from emla.keyring.files import FileUse
    from emla.keyring.passphrase import PASSPHRASE, TOKEN_PIN
    from emla.keyring.pkcs11 import Token, TokenName

    settings = config.load(initialised_data(), os.environ)
    authority = own_authority(settings.data)
    where = f"the token '{name[1]}'" if name else str(settings.data / KEYS)
    if dry_run:
        if wants_json():
            screen.emit_json({"dry_run": True, "use": use, "where": where})
        else:
            screen.say(f"Would make a {use} key in {where}.")
        return
    token = None
    if name:
        pin = token_pin_sources(settings, os.environ, secrets).find(TOKEN_PIN)
        token = Token(TokenName(module=name[0], label=name[1]), pin)
    made = add_key(
        settings.data / KEYS,
        FileUse(use),
        lambda: passphrase_sources(settings, os.environ, secrets).find(PASSPHRASE),
        token=token,
        authority=authority.id,
        now=int(time.time()),
    )
    if wants_json():
        screen.emit_json({"use": use, "kid": made.kid, "file": str(made.path), "public": made.public})
        return
    screen.say(f"The {use} key {made.kid} is made in {where}.", style="green")
    screen.note("It is not in force yet: a card that lists it must be published.")


def _officer(file: Path, name: str, from_file: Path | None, from_fd: int | None, *, dry_run: bool) -> None:
    from emla.bootstrap.ceremony import new_media_key
    from emla.cli import screen
    from emla.keyring.media import MediaUse, public_path

    if dry_run:
        if wants_json():
            screen.emit_json(
                {"dry_run": True, "key": str(file), "public": str(public_path(file)), "name": name}
            )
        else:
            screen.say(f"Would write {file} and {public_path(file)} for {name}.")
        return
    passphrase = new_passphrase(f"a passphrase for the key of {name}", from_file, from_fd)
    about = new_media_key(file, MediaUse.OFFICER, name=name, passphrase=passphrase, now=int(time.time()))
    if wants_json():
        screen.emit_json({"key": str(file), "public": str(public_path(file)), "kid": about.kid, "name": name})
        return
    screen.say(f"{file} holds the key {about.kid} of {name}.", style="green")
    screen.note(f"{public_path(file)} is its public half, for the list of officers.")
