"""`emla init`: an authority in an empty data folder, by questions at a terminal, options or a file."""

import time
from dataclasses import replace
from pathlib import Path

import click

from emla.cli.init_answers import QUESTIONS, Answers, from_file, missing, with_defaults
from emla.cli.invocation import at_terminal, common, data, wants_json
from emla.cli.lazy import example_text


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
@click.option("--telephone", help="Number on which operators can be called.")
@click.option("--email", help="Address for arrangements, never for content.")
@click.option("--time-zone", help="IANA name, for example Europe/Amsterdam.")
@click.option("--office-hours", help="In words.")
@click.option("--dry-run", is_flag=True, help="Show what would be made; make nothing.")
def init(*, answers: Path | None, dry_run: bool, **options: str | None) -> None:
    """Make an authority in an empty data folder.

    At a terminal, emla asks for what is missing. Otherwise give the options, or --answers with a TOML
    file that has the same names: authority = "nl.minjus", time_zone = "Europe/Amsterdam" and so on.

    The keys are made here. The root key belongs on removable media in a safe, not on this machine.
    """
    from emla.model.errors import ConfigurationError

    folder = data()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigurationError("already-initialised", f"{folder} is not an empty folder.")
    given = from_file(answers) if answers else Answers()
    given = replace(given, **{name: value for name, value in options.items() if value is not None})
    if missing(given) and at_terminal() and not wants_json():
        given = _ask(given, folder, dry_run=dry_run)
    given = with_defaults(given)
    if missing(given):
        absent = ", ".join(each.option for each in missing(given))
        raise click.UsageError(f"There is no terminal to ask at: give {absent}, or --answers FILE.")
    problems = [
        f"{each.option}: {words}" for each in QUESTIONS if (words := each.problem(given.value(each.name)))
    ]
    if problems:
        raise click.UsageError("\n".join(problems))
    _make(folder, given, dry_run=dry_run)


def _ask(given: Answers, folder: Path, *, dry_run: bool) -> Answers:
    from emla.cli import screen

    screen.note(
        f"A new authority in {folder}. Enter takes what stands in brackets; Ctrl-C leaves everything as is."
    )
    asked = {each.name for each in QUESTIONS if not given.value(each.name)}
    for question in QUESTIONS:
        if question.name not in asked:
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


def _make(folder: Path, given: Answers, *, dry_run: bool) -> None:
    from emla.bootstrap.initialise import initialise
    from emla.cli import screen
    from emla.cli.card_view import fingerprint_lines

    languages = given.languages
    if dry_run:
        planned = {each.name: given.value(each.name) for each in QUESTIONS}
        if wants_json():
            screen.emit_json({"dry_run": True, "data": str(folder), **planned})
        else:
            screen.facts([("data", str(folder)), *planned.items()])
            screen.note("Nothing was made: --dry-run.")
        return
    made = initialise(
        folder,
        authority=given.authority,
        names=((languages[0], given.name),),
        endpoint_url=given.endpoint,
        country=given.country,
        contacts=(("telephone", given.telephone), ("email", given.email)),
        languages=languages,
        time_zone=given.time_zone,
        office_hours=given.office_hours,
        now=int(time.time()),
    )
    if wants_json():
        screen.emit_json(
            {
                "authority": made.authority.id,
                "data": str(folder),
                "fingerprint": made.fingerprint,
                "documents": str(made.documents),
                "settings": str(made.settings),
                "root_key": str(made.root_key),
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
