"""`emla init`: an authority in an empty data folder, by questions at a terminal, options or a file."""

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from emla.cli.init_answers import NO_ENDPOINT, QUESTIONS, Answers, from_file, missing, problems, with_defaults
from emla.cli.init_offline import about_of, complete_authority, offline_root, prepare_authority
from emla.cli.invocation import at_terminal, common, data, wants_json
from emla.cli.lazy import example_text
from emla.cli.media_key import FILE
from emla.cli.unlock import chosen, new_passphrase, passphrase_options, token_pin_options

if TYPE_CHECKING:
    from emla.bootstrap.first_keys import Protection
    from emla.bootstrap.unlock import Chosen
    from emla.keyring.pkcs11 import Token


@common
@click.command(
    epilog=example_text(
        "emla init --authority nl.minjus --name 'Ministry of Justice' --language en --country NL"
        " --endpoint https://mla.example:8443 --email mla@example.nl --telephone +31-70-5550100"
    )
)
@click.option(
    "--answers", type=click.Path(path_type=Path, dir_okay=False), help="TOML file with the answers."
)
@click.option("--authority", help="Id, country first, for example nl.minjus.")
@click.option("--name", help="Official name.")
@click.option("--language", help="Language of the name, and accepted for requests; several with commas.")
@click.option("--country", help="ISO 3166-1 code, two letters.")
@click.option("--endpoint", metavar="URL", help="https address at which other gateways reach this one.")
@click.option("--no-endpoint", is_flag=True, help="Nobody can reach it from outside: it needs a hub.")
@click.option(
    "--hub", "hubs", multiple=True, metavar="ID", help="A hub that holds what is for it; several in order."
)
@click.option("--telephone", help="Number on which operators can be called.")
@click.option("--email", help="Address for arrangements, never for content.")
@click.option("--time-zone", help="IANA name, for example Europe/Amsterdam.")
@click.option("--office-hours", help="In words.")
@passphrase_options
@click.option("--no-passphrase", is_flag=True, help="Leave the private keys unlocked: for trials.")
@click.option("--token", metavar="LABEL", help="Make the sign and ledger keys in this hardware token.")
@click.option("--token-module", metavar="PATH", help="The token's PKCS#11 library.")
@token_pin_options
@click.option(
    "--root-key",
    "root_keys",
    type=FILE,
    multiple=True,
    metavar="PUB",
    help="Public half of a root key made elsewhere (.pub.json); one for each holder.",
)
@click.option(
    "--threshold", type=click.IntRange(min=1), help="How many of the root keys must sign; else most of them."
)
@click.option(
    "--signed",
    type=FILE,
    multiple=True,
    metavar="DRAFT",
    help="The signed root and card: completes what --root-key began.",
)
@click.option("--dry-run", is_flag=True, help="Show what would be made; make nothing.")
def init(
    *,
    answers: Path | None,
    dry_run: bool,
    passphrase_file: Path | None,
    passphrase_fd: int | None,
    no_passphrase: bool,
    token: str | None,
    token_module: str | None,
    token_pin_file: Path | None,
    token_pin_fd: int | None,
    root_keys: tuple[Path, ...],
    threshold: int | None,
    signed: tuple[Path, ...],
    no_endpoint: bool,
    hubs: tuple[str, ...],
    **options: str | None,
) -> None:
    """Make an authority in an empty data folder.

    At a terminal, emla asks for what is missing. Otherwise give the options, or --answers with a TOML
    file that has the same names: authority = "nl.minjus", time_zone = "Europe/Amsterdam" and so on.

    The keys are made here and locked under a passphrase, which is needed at every start. The root key
    belongs on removable media in a safe. With --root-key it is never on this machine: its holders make their
    keys elsewhere (`emla root new`), this command writes a root and a card for them to sign (`emla root
    sign`), and `emla init --signed` completes the authority.
    """
    from emla.model.errors import ConfigurationError

    folder = data()
    if signed:
        complete_authority(folder, signed, dry_run=dry_run)
        return
    root = offline_root(root_keys, threshold)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigurationError("already-initialised", f"{folder} is not an empty folder.")
    given = from_file(answers) if answers else Answers()
    if no_endpoint and options.get("endpoint"):
        raise click.UsageError("--endpoint and --no-endpoint exclude each other.")
    options |= {"endpoint": NO_ENDPOINT} if no_endpoint else {}
    options |= {"hub": ",".join(hubs)} if hubs else {}
    given = replace(given, **{name: value for name, value in options.items() if value is not None})
    if missing(given) and at_terminal() and not wants_json():
        given = _ask(given, folder, dry_run=dry_run)
    given = with_defaults(given)
    if missing(given):
        absent = ", ".join(each.option for each in missing(given))
        raise click.UsageError(f"There is no terminal to ask at: give {absent}, or --answers FILE.")
    if wrong := problems(given):
        raise click.UsageError("\n".join(wrong))
    if (token is None) != (token_module is None):
        raise click.UsageError("--token and --token-module go together.")
    if dry_run:
        _show_plan(folder, given, locked=not no_passphrase, token=token)
        return
    protection = _protection(
        Locking(no_passphrase=no_passphrase, file=passphrase_file, descriptor=passphrase_fd),
        token=None if token is None or token_module is None else (token_module, token),
        pin=chosen(token_pin_file=token_pin_file, token_pin_fd=token_pin_fd),
    )
    if root:
        prepare_authority(folder, about_of(given), root, protection)
        return
    _make(folder, given, protection)


@dataclass(frozen=True, slots=True, kw_only=True)
class Locking:
    """What the options say about the passphrase."""

    no_passphrase: bool
    file: Path | None
    descriptor: int | None


def _protection(locking: Locking, token: tuple[str, str] | None, pin: "Chosen") -> "Protection":
    from emla.bootstrap.first_keys import Protection
    from emla.cli import screen

    if locking.no_passphrase and (locking.file or locking.descriptor is not None):
        raise click.UsageError("--no-passphrase and a passphrase exclude each other.")
    passphrase = None
    if locking.no_passphrase:
        words = "Warning: the private keys are not locked. Whoever copies the data folder can act as this authority."
        screen.note(words, style="bold yellow")
    elif locking.file is None and locking.descriptor is None and not at_terminal():
        raise click.UsageError(
            "There is no terminal to ask at: give --passphrase-file, --passphrase-fd or --no-passphrase."
        )
    else:
        words = "a passphrase for the private keys (five random words are good)"
        passphrase = new_passphrase(words, locking.file, locking.descriptor)
    return Protection(passphrase=passphrase, token=_token(token, pin) if token else None)


def _token(token: tuple[str, str], pin: "Chosen") -> "Token":
    from emla.keyring.passphrase import TOKEN_PIN, Sources
    from emla.keyring.pkcs11 import Token, TokenName

    module, label = token
    sources = Sources(file=pin.token_pin_file, descriptor=pin.token_pin_descriptor, ask=pin.ask)
    return Token(TokenName(module=module, label=label), sources.find(TOKEN_PIN))


def _show_plan(folder: Path, given: Answers, *, locked: bool, token: str | None) -> None:
    from emla.cli import screen

    planned = {each.name: given.value(each.name) for each in QUESTIONS}
    if wants_json():
        screen.emit_json(
            {"dry_run": True, "data": str(folder), **planned, "passphrase": locked, "token": token}
        )
        return
    kept = "locked under a passphrase" if locked else "NOT locked"
    kept += f"; sign and ledger keys in the token {token}" if token else ""
    screen.facts([("data", str(folder)), *planned.items(), ("private keys", kept)])
    screen.note("Nothing was made: --dry-run.")


def _ask(given: Answers, folder: Path, *, dry_run: bool) -> Answers:
    from emla.cli import screen

    screen.note(
        f"A new authority in {folder}. Enter takes what stands in brackets; Ctrl-C leaves everything as is."
    )
    asked = {each.name for each in QUESTIONS if not given.value(each.name)}
    for question in QUESTIONS:
        if question.name not in asked or not question.is_asked(given):
            continue
        while True:
            default = question.default(given) or None
            typed = str(click.prompt(question.words, default=default, err=True)).strip()
            problem = question.problem(typed)
            if not problem:
                break
            screen.note(f"  {problem}", style="yellow")
        given = replace(given, **{question.name: typed})
    if not dry_run and not click.confirm(f"Make {given.authority} in {folder}?", default=True, err=True):
        raise click.Abort
    return given


def _make(folder: Path, given: Answers, protection: "Protection") -> None:
    from emla.bootstrap.initialise import initialise
    from emla.cli import screen
    from emla.cli.card_view import fingerprint_lines

    made = initialise(folder, about_of(given), now=int(time.time()), protection=protection)
    if wants_json():
        screen.emit_json(
            {
                "authority": made.authority.id,
                "data": str(folder),
                "fingerprint": made.fingerprint,
                "documents": str(made.documents),
                "settings": str(made.settings),
                "root_key": str(made.root_key),
                "locked": protection.passphrase is not None,
            }
        )
        return
    screen.say(f"{made.authority.id} is made in {folder}.", style="green")
    screen.facts(
        [
            ("Fingerprint", fingerprint_lines(made.fingerprint)),
            ("Settings", str(made.settings)),
            ("Root key", str(made.root_key)),
        ]
    )
    option = f" --data {folder}"
    screen.note("Next:")
    screen.note(f"1. Move the root key to removable media; {made.root_key.parent}/README.txt says how.")
    screen.note(f"2. Start the gateway:     emla serve{option}")
    screen.note(f"3. Exchange cards:        emla card export our-card.json{option}")
    screen.note("                          emla peer import their-card.json" + option)
    screen.note("4. Say what you want:     emla profile set --help")
