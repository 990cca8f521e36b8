"""`emla profile set`: the operator changes what the authority says of itself; every peer is told."""

from typing import TYPE_CHECKING, cast

import click

from emla.cli.invocation import OWN_DOCUMENTS, common, initialised_data, wants_json, with_client
from emla.cli.lazy import example_text
from emla.cli.media_key import confirm
from emla.model.requirements import Electronic

if TYPE_CHECKING:
    from emla.cli.profile_view import Row
    from emla.client.profile_answers import OwnProfile
    from emla.formats.strict_json import Json
    from emla.model.documents import Profile


@common
@click.command(
    "set", epilog=example_text("emla profile set --document SEARCH_SEIZURE=COURT_ORDER,TEXT_OF_LAW")
)
@click.option("--name", "names", multiple=True, metavar="LANG=NAME", help="The official name in a language.")
@click.option(
    "--contact",
    "contacts",
    multiple=True,
    metavar="KIND=WORDS",
    help="telephone, email, post or poc247 (day and night).",
)
@click.option("--office-hours", metavar="WORDS", help="In words, for example Mon-Fri 9-17.")
@click.option("--time-zone", metavar="ZONE", help="For example Europe/Vienna.")
@click.option(
    "--language",
    "languages",
    multiple=True,
    metavar="TAG",
    help="The languages that are taken, all of them; several in order.",
)
@click.option(
    "--urgent-language",
    "urgent_languages",
    multiple=True,
    metavar="TAG",
    help="The languages that are taken when the matter is urgent, all of them.",
)
@click.option(
    "--electronic",
    type=click.Choice([each.value for each in Electronic]),
    help="Whether formal messages are taken electronically.",
)
@click.option(
    "--document",
    "documents",
    multiple=True,
    metavar="MEASURE=CODE,...",
    help="What must come with a measure, all of it: codes of CL-MEASURE and CL-DOCTYPE.",
)
@click.option("--de-minimis", metavar="SUM", help='From which loss on a case is taken up: "500 EUR".')
@click.option(
    "--service-days",
    metavar="DAYS",
    help="So many days before the hearing a summons to an accused must be there.",
)
@click.option("--reply-days", metavar="DAYS", help="No answer is promised before so many days.")
@click.option(
    "--informs-subjects",
    type=click.Choice(["yes", "no", "none"]),
    help="Whether our law makes us inform the person concerned, whatever is asked.",
)
@click.option(
    "--rest-day",
    "rest_days",
    multiple=True,
    metavar="DAY",
    help="The days of the week on which nobody works, all of them; saturday and sunday where nothing is said.",
)
@click.option(
    "--holiday",
    "holidays",
    multiple=True,
    metavar="DATE",
    help="A holiday, for example 2026-12-25; several are added. Name all of a year.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Show what would change; publish nothing.")
def change(*, yes: bool, dry_run: bool, **given: str | tuple[str, ...] | None) -> None:
    """Change what peers read about this authority, and tell them.

    What no option names stays as it is; the word none takes back what was said (--reply-days none, --contact
    poc247=none). Peers check their requests against it before they send: one without a document you ask for is
    not sent, unless its officer gives a reason. No key officer is needed; the server signs with its own key.
    """
    from emla.cli import screen
    from emla.cli.profile_view import differences

    if not any(given.values()):
        raise click.UsageError("Say what changes; `emla profile show` says how it is today.")
    seen = with_client(lambda client: client.profile())
    before, after = _next(seen, given)
    found = differences(before, after)
    if not found:
        _tell(seen.version, found, published=False)
        return
    if not wants_json():
        screen.facts(found)
    if dry_run:
        _tell(seen.version, found, published=False)
        return
    confirm("Publish this to every peer?", yes=yes)
    changed = _publish(seen, after)
    _tell(changed.version, found, published=True)


def _next(seen: "OwnProfile", given: dict[str, str | tuple[str, ...] | None]) -> "tuple[Profile, Profile]":
    """The profile in force, and the one that is wanted; what no peer could read is refused here."""
    from datetime import UTC, datetime

    from emla.bootstrap.schema_folder import schema_folder
    from emla.cli.own import read_authority, read_documents
    from emla.cli.profile_edit import Edits, edited
    from emla.formats.genericode import CodeLists
    from emla.formats.profile_members import members_of, profile_from
    from emla.model.errors import MalformedError

    authority = read_authority(read_documents(initialised_data() / OWN_DOCUMENTS)).id
    created = int(seen.created.timestamp())
    members = cast("dict[str, Json]", dict(seen.profile))
    before = profile_from(members, authority, version=seen.version, created=created)
    today = datetime.now(UTC).date()
    said = {name: words for name, words in given.items() if words}
    edits = Edits(**said)  # type: ignore[arg-type]  # each option has the name and type of a field
    after = edited(before, edits, CodeLists(schema_folder()), today)
    try:
        profile_from(members_of(after), authority, version=seen.version, created=created)
    except MalformedError as error:
        raise click.UsageError(f"No peer could read this: {error.detail}") from error
    return before, after


def _publish(seen: "OwnProfile", after: "Profile") -> "OwnProfile":
    from emla.formats.profile_members import members_of

    members = members_of(after)
    return with_client(lambda client: client.change_profile(seen.version, members))


def _tell(version: int, found: "list[Row]", *, published: bool) -> None:
    from emla.cli import screen

    if wants_json():
        changes = [{"what": what, "words": words} for what, words in found]
        screen.emit_json({"version": version, "published": published, "differences": changes})
    elif published:
        screen.say(f"Profile version {version} is published; every peer is told.", style="green")
    elif found:
        screen.note("Nothing was published: --dry-run.")
    else:
        screen.note(f"Profile version {version} says so already: nothing to publish.")
