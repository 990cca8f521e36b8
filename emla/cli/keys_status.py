"""`emla keys status`: what ends when, what waits for whom, and the command that deals with each."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from emla.cli.invocation import common, wants_json, with_client
from emla.cli.lazy import example_text

if TYPE_CHECKING:
    from emla.cli.present import Document, Present
    from emla.client.answers import Peer
    from emla.client.client import Client
    from emla.client.key_answers import OwnKeys

CHECK_DAYS = 30
"""What ends within so many days makes `--check` fail."""
TOLD_DAYS = 60
"""What ends within so many days has its command shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """Something that ends: whose, what, when, and what to do about it."""

    authority: str
    what: str
    days_left: float
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Something a person must do: why, and the commands."""

    why: str
    commands: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the server answered."""

    present: "Present"
    keys: "OwnKeys"
    peers: "tuple[Peer, ...]"


@common
@click.command(epilog=example_text("emla keys status --check"))
@click.option("--check", is_flag=True, help=f"Exit code 1 when anything ends within {CHECK_DAYS} days.")
def status(*, check: bool) -> int:
    """Show what ends when, what waits, and what to do, each with its command.

    Of each use of a key the last one to end counts: one that another takes over from is no trouble. With
    --check it is for a monitor: exit code 1 when anything of ours or a peer's ends within 30 days.
    """
    from emla.cli import screen

    known = with_client(_ask)
    ends = sorted(endings(known, int(time.time())), key=lambda each: each.days_left)
    tasks = [*_waiting(known.present), *_tasks(known), *_due(ends)]
    soon = any(each.days_left <= CHECK_DAYS for each in ends)
    if wants_json():
        screen.emit_json({"ends": ends, "tasks": tasks, "ends_within_30_days": soon})
    else:
        _show(ends, tasks)
    return int(check and soon)


async def _ask(client: "Client") -> Known:
    from emla.cli.present import read_present

    return Known(present=await read_present(client), keys=await client.keys(), peers=await client.peers())


def endings(known: Known, now: int) -> Iterator[End]:
    """What ends, of ours and of peers."""
    from emla.flow.documents.key_life import documents_ending, keys_ending

    authority = known.present.authority
    for each in (*documents_ending(authority), *keys_ending(authority)):
        name = (
            f"{each.what} version {each.name}"
            if each.what in _DOCUMENTS
            else f"{each.what} key {each.name[:12]}"
        )
        remedy = _DOCUMENTS.get(each.what, f"emla keys rotate {each.what} --as OFFICER-KEY")
        yield End(authority=authority.id, what=name, days_left=round(each.days_left(now), 1), remedy=remedy)
    for peer in known.peers:
        if peer.standing:
            yield End(
                authority=peer.authority,
                what=peer.standing.next_expiry,
                days_left=peer.standing.next_expiry_days,
                remedy=f"telephone {peer.authority}: it must publish a new {peer.standing.next_expiry}",
            )


_DOCUMENTS = {"root": "emla root rotate next-root.json", "card": "emla card propose --as OFFICER-KEY"}


def _due(ends: list[End]) -> Iterator[Task]:
    for each in ends:
        if each.days_left <= TOLD_DAYS:
            when = "has ended" if each.days_left <= 0 else f"ends in {int(each.days_left)} d"
            yield Task(why=f"{each.authority}: {each.what} {when}", commands=(each.remedy,))


def _waiting(present: "Present") -> Iterator[Task]:
    from emla.cli.change_view import approved, next_commands, title, together, waits_for
    from emla.cli.present import decoded
    from emla.cli.wording import short

    for group in together(present.waiting()):
        names = " and ".join(f"{title(decoded(each))} (change {short(each.hash)})" for each in group)
        first = next((each for each in group if not approved(each)), group[0])
        verb = "waits" if len(group) == 1 else "wait"
        yield Task(
            why=f"{names} {verb} for {waits_for(first)}",
            commands=tuple(next_commands(*group, present=present)),
        )


def _tasks(known: Known) -> Iterator[Task]:
    from emla.cli.present import decoded

    if known.keys.documents.frozen:
        commands = (_DOCUMENTS["root"], "emla card propose --root next-root.json --as OFFICER-KEY")
        yield Task(why="This authority is frozen: a new root ends that", commands=commands)
    if known.present.officers is None and not _is_list_proposed(known.present):
        yield Task(
            why="There are no key officers yet: nothing can be changed",
            commands=(
                "emla keys new FILE --officer NAME",
                "emla card propose --officer FILE.pub.json --officer OTHER.pub.json --as OFFICER-KEY",
            ),
        )
    offered = {kid for each in known.present.waiting() for kid in _kids(decoded(each))}
    for key in known.keys.keys:
        if key.life is None and key.kid not in offered:
            why = f"The {key.use} key {key.kid[:12]} is made, and no card lists it"
            yield Task(why=why, commands=(f"emla card propose --list {key.kid[:12]} --as OFFICER-KEY",))
    for peer in known.peers:
        standing = peer.standing
        if standing and (standing.held or standing.frozen or standing.freshness == "stale"):
            why = (
                f"{peer.authority}: {peer_trouble(standing.held, standing.freshness, frozen=standing.frozen)}"
            )
            yield Task(why=why, commands=(f"emla peer ping {peer.authority}",))


def _is_list_proposed(present: "Present") -> bool:
    from emla.model.signed import PayloadType

    return any(each.type == PayloadType.OFFICERS.name.lower() for each in present.waiting())


def _kids(document: "Document") -> set[str]:
    from emla.model.documents import Card

    return {key.kid for key in document.keys} if isinstance(document, Card) else set()


def peer_trouble(held: str | None, freshness: str, *, frozen: bool) -> str:
    """What is wrong with a peer, in words."""
    if frozen:
        return "has frozen itself; telephone it"
    if held:
        return f"is held ({held}); telephone it"
    return f"has not spoken for a week ({freshness}); what is for it waits"


def _show(ends: list[End], tasks: list[Task]) -> None:
    from emla.cli import screen
    from emla.cli.endings import days_left

    screen.table(
        ("Whose", "What", "Left"),
        [(each.authority, each.what, days_left(each.days_left)) for each in ends],
        title="Ends",
    )
    if not tasks:
        screen.say("Nothing is to be done.", style="green")
        return
    screen.say("To do", style="italic")
    for number, task in enumerate(tasks, start=1):
        screen.say(f"{number}. {task.why}")
        for line in task.commands:
            screen.say(f"     {line}")
