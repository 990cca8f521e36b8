"""`emla message new`: write a request, question by question, or from a file of answers."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from emla.cli.invocation import at_terminal, common, data, wants_json
from emla.cli.lazy import example_text

if TYPE_CHECKING:
    from emla.bootstrap.drafts import Drafts
    from emla.cli.writer_finish import Written
    from emla.formats.draft import Draft
    from emla.writing.answers import Surroundings
    from emla.writing.interview import Interview
    from emla.writing.lore import Lore


@common
@click.command(epilog=example_text("emla message new --to request-417"))
@click.option(
    "--to",
    "target",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Folder to write the request into; else named after your reference. It must not exist yet.",
)
@click.option("--resume", metavar="ID", help="Go on with a draft; a beginning of its id, or last.")
@click.option("--list", "list_", is_flag=True, help="List the drafts.")
@click.option("--forget", metavar="ID", help="Remove a draft for good.")
@click.option(
    "--answers",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Take the answers from a TOML or JSON file instead of asking.",
)
@click.option(
    "--dry-run", is_flag=True, help="With --answers or --forget: only check; write and remove nothing."
)
def new(
    *,
    target: Path | None,
    resume: str | None,
    list_: bool,
    forget: str | None,
    answers: Path | None,
    dry_run: bool,
) -> None:
    """Write a request, question by question.

    Only what the measures need is asked for, each question with its reason and treaty source (?), each answer checked
    at once. Every answer is saved before the next question: after Ctrl-C, a closed terminal or a crash, go on with
    --resume last. What your own card and the recipient's profile say is filled in.

    It ends in a folder with the request, copies of the files that go along, and a page to print and sign. Drafts hold
    personal data: only you can read them, and --forget removes them. Without a terminal give --answers FILE; its names
    are those of the elements of the schema.
    """
    import os

    from emla.bootstrap.drafts import Drafts, drafts_folder

    drafts = Drafts(drafts_folder(os.environ))
    if sum((bool(resume), list_, bool(forget), bool(answers))) > 1:
        raise click.UsageError("--resume, --list, --forget and --answers exclude each other.")
    if dry_run and not (answers or forget):
        raise click.UsageError("--dry-run goes with --answers or --forget.")
    if list_:
        _list(drafts)
    elif forget:
        _forget(drafts, forget, dry_run=dry_run)
    elif answers:
        _from_file(answers, target, dry_run=dry_run)
    elif not at_terminal() or wants_json():
        raise click.UsageError(
            "There is no terminal to ask at: give the answers in a file with --answers FILE."
        )
    else:
        _talk(drafts, resume, target)


def _list(drafts: "Drafts") -> None:
    from emla.cli import screen
    from emla.cli.wording import instant

    found = drafts.all()
    for path in drafts.damaged():
        screen.note(f"{path} cannot be read; --resume with its id says why.", style="yellow")
    if wants_json():
        listed = [
            {
                "id": each.id,
                "authority": each.authority,
                "reference": _reference(each),
                "changed": screen.utc(each.changed),
            }
            for each in found
        ]
        screen.emit_json({"items": listed})
    elif not found:
        screen.note("No drafts.")
    else:
        screen.table(
            ("Id", "Authority", "Reference", "Recipient", "Answers", "Changed"),
            [
                (
                    each.id,
                    each.authority or "-",
                    _reference(each) or "-",
                    each.answers.get("MessageHeader/Recipient/AuthorityId", "-"),
                    str(len(each.answers)),
                    instant(screen.utc(each.changed)),
                )
                for each in found
            ],
            fold=("Reference",),
        )


def _reference(draft: "Draft") -> str:
    return draft.answers.get("MessageHeader/RequestingReference", "")


def _forget(drafts: "Drafts", name: str, *, dry_run: bool) -> None:
    from emla.cli import screen

    forgotten = drafts.load(name).id if dry_run else drafts.forget(name)
    if wants_json():
        screen.emit_json({"dry_run": dry_run, "forgotten": forgotten})
    else:
        screen.say(f"The draft {forgotten} {'would be' if dry_run else 'is'} removed for good.")


def _begin(authority: str) -> "Draft":
    import secrets
    import time

    from emla.cli.writer_finish import CASE_ID
    from emla.formats.draft import Draft
    from emla.writing.lore import MESSAGE

    now = int(time.time())
    return Draft(
        id=secrets.token_hex(6),
        message=MESSAGE,
        authority=authority,
        created=now,
        changed=now,
        answers={CASE_ID: secrets.token_hex(16)},
    )


def _talk(drafts: "Drafts", resume: str | None, target: Path | None) -> None:
    import time
    from dataclasses import replace

    from emla.bootstrap.schema_folder import schema_folder
    from emla.cli import screen
    from emla.cli.writer_around import surroundings
    from emla.cli.writer_files import check_file
    from emla.cli.writer_lines import Lines, edit_lines
    from emla.cli.writer_talk import HELP, Left, Talk
    from emla.writing.lore import load_lore

    around = surroundings(data())
    own = around.sender.get("AuthorityId", "")
    draft = _resumed(drafts, resume, own) if resume else _begin(own)
    lore = load_lore(schema_folder())
    interview = lore.interview(around)
    with drafts.alone(draft.id):
        drafts.save(draft)

        def save(answers: dict[str, str]) -> None:
            drafts.save(replace(draft, answers=answers, changed=int(time.time())))

        lines = Lines(edited=edit_lines())
        screen.note(
            f"A request for mutual legal assistance. Draft {draft.id}; every answer is saved at once."
        )
        screen.note(HELP, style="dim")
        talk = Talk(
            interview,
            lore.acceptance(around),
            dict(draft.answers),
            save=save,
            check_file=check_file,
            lines=lines,
        )
        try:
            talk.run()
            _close(lore, interview, around, replace(draft, answers=talk.answers), target)
        except (Left, click.Abort):
            screen.note(
                f"\nEverything is saved. To go on: emla message new --resume {draft.id}", style="bold"
            )
            raise click.Abort from None


def _resumed(drafts: "Drafts", name: str, own: str) -> "Draft":
    from emla.model.errors import ConfigurationError, NotFoundError
    from emla.writing.lore import MESSAGE

    if name == "last":
        found = drafts.all()
        if not found:
            raise NotFoundError("not-found", "There is no draft.")
        draft = found[0]
    else:
        draft = drafts.load(name)
    if draft.message != MESSAGE:
        raise ConfigurationError(
            "draft-damaged", f"The draft {draft.id} is for a message this emla does not write."
        )
    if draft.authority and own and draft.authority != own:
        raise click.UsageError(
            f"The draft {draft.id} is one of {draft.authority}, and --data is that of {own}."
        )
    return draft


def _close(
    lore: "Lore", interview: "Interview", around: "Surroundings", draft: "Draft", target: Path | None
) -> None:
    """Write the folder, and say what comes next. What is wrong is shown; the draft stays."""
    from emla.cli import screen
    from emla.cli.writer_finish import finish
    from emla.model.errors import InvalidMessageError

    folder = target or Path(_folder_name(draft))
    if not click.confirm(f"\nAll is answered. Write the request into {folder}?", default=True, err=True):
        raise click.Abort
    try:
        written = finish(lore, interview, around, draft, folder)
    except InvalidMessageError:
        screen.note(
            f"It cannot be sent like this. Mend it: emla message new --resume {draft.id}, then = for the sections."
        )
        raise
    _show(written)
    screen.note(f"The draft stays until you remove it: emla message new --forget {draft.id}", style="dim")


def _folder_name(draft: "Draft") -> str:
    import re

    plain = re.sub(r"[^A-Za-z0-9]+", "-", _reference(draft)).strip("-").lower()
    return f"request-{plain or draft.id}"


def _from_file(path: Path, target: Path | None, *, dry_run: bool) -> None:
    from dataclasses import replace

    from emla.bootstrap.schema_folder import schema_folder
    from emla.cli import screen
    from emla.cli.writer_answers import read_answers
    from emla.cli.writer_around import surroundings
    from emla.cli.writer_finish import finish
    from emla.writing.lore import load_lore

    around = surroundings(data(), quiet=True)
    draft = _begin(around.sender.get("AuthorityId", ""))
    lore = load_lore(schema_folder())
    interview = lore.interview(around)
    answers = read_answers(path, interview, lore.acceptance(around), draft.answers)
    draft = replace(draft, answers=answers)
    folder = target or Path(_folder_name(draft))
    if dry_run:
        if wants_json():
            screen.emit_json({"dry_run": True, "to": str(folder), "answers": len(answers)})
        else:
            screen.note(
                f"All is answered; it would be written into {folder}. Nothing was written: --dry-run."
            )
        return
    _show(finish(lore, interview, around, draft, folder))


def _show(written: "Written") -> None:
    from emla.cli import screen
    from emla.cli.finding_table import overridable, show_findings
    from emla.model.findings import Severity

    if wants_json():
        screen.emit_json(
            {
                "request": str(written.request),
                "page": str(written.page),
                "attachments": list(written.attachments),
                "findings": written.findings,
                "notes": list(written.notes),
            }
        )
        return
    screen.facts(
        [
            ("Request", str(written.request)),
            ("To print", str(written.page)),
            ("Files", ", ".join(written.attachments) or "none"),
        ]
    )
    if written.findings:
        show_findings(written.findings)
    for note in written.notes:
        screen.note(note, style="yellow")
    reasons = overridable(written.findings)
    if any(each.severity is Severity.FATAL for each in written.findings):
        screen.note(
            f"The recipient does not take it like this through the gateway: print {written.page.name}, or ask first.",
            style="yellow",
        )
        return
    if reasons:
        screen.note("Mend what is wrong, or say at sending why it is right in this case.", style="yellow")
    screen.say(f"To send it: emla message send {_quoted(written.request)} --wait 60 {reasons}".rstrip())


def _quoted(path: Path) -> str:
    import shlex

    return shlex.quote(str(path))
