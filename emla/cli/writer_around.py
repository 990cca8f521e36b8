"""What the writer knows without asking: our own documents, the peers the server knows, the day.

Rule of this file: nothing here is needed. Where there is no authority or no server, the person is asked instead.
"""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import available_timezones

from emla.cli import screen
from emla.cli.invocation import OWN_DOCUMENTS, with_client
from emla.cli.own import read_authority, read_documents
from emla.client.client import Client
from emla.model.documents import Authority
from emla.model.errors import EmlaError
from emla.rules.profile import wishes_of
from emla.writing.answers import Surroundings
from emla.writing.known import known_of


def surroundings(data: Path, *, quiet: bool = False) -> Surroundings:
    """Collect what is known.

    Args:
        data: the data folder.
        quiet: say nothing about a server that does not run.
    """
    own = _own(data)
    peers = _peers(quiet=quiet) if own else {}
    languages = {each.id: each.profile.languages for each in peers.values()}
    if own:
        languages[own.id] = own.profile.languages
    return Surroundings(
        today=f"{datetime.now(UTC):%Y-%m-%d}",
        sender=known_of(own.profile) if own else {},
        peers={name: known_of(each.profile) for name, each in peers.items()},
        languages=languages,
        time_zones=frozenset(available_timezones()),
        wishes={name: wishes_of(each.profile) for name, each in peers.items()},
    )


def _own(data: Path) -> Authority | None:
    path = data / OWN_DOCUMENTS
    return read_authority(read_documents(path)) if path.exists() else None


def _peers(*, quiet: bool) -> dict[str, Authority]:
    async def ask(client: Client) -> list[bytes]:
        return [(await client.peer(each.authority)).documents for each in await client.peers()]

    try:
        read = [read_authority(each) for each in with_client(ask)]
    except EmlaError as error:
        if not quiet:
            screen.note(
                f"The peers cannot be looked up ({error.code}): you type who the recipient is.",
                style="yellow",
            )
        return {}
    return {each.id: each for each in read}
