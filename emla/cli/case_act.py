"""`emla case act`: say in a case what the treaties have a word for; or see what may be said now."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from emla.cli.act_options import given, said_options
from emla.cli.invocation import at_terminal, common, data, wants_json
from emla.cli.lazy import example_text

if TYPE_CHECKING:
    from emla.cli.act_source import CaseSource
    from emla.formats.schema import Schemas


@common
@click.command(epilog=example_text('emla case act b84e19d0 confirm-receipt --reference "AIRS-2026-3391"'))
@click.argument("case")
@click.argument("verb", required=False, metavar="[ACT]")
@said_options()
@click.option(
    "--attach",
    multiple=True,
    metavar="FILE",
    help="A file to send along; of an answer or item Q1=FILE, I2=FILE.",
)
@click.option(
    "--signature",
    multiple=True,
    metavar="FILE",
    help="A national electronic signature; shown as information.",
)
@click.option(
    "--custody", multiple=True, metavar="TEXT", help="A custody step of an item: I1=FROM; TO; WHEN; WHY."
)
@click.option(
    "--set", "places", multiple=True, metavar="PLACE=VALUE", help="Whatever else the message holds, by place."
)
@click.option(
    "--answers",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Take answers from a TOML or JSON file.",
)
@click.option("--request", metavar="ID", help="Which request of the case; a beginning of its MessageId.")
@click.option(
    "--reply-to", metavar="ID", help="The message that is answered; else the one that the act is about."
)
@click.option(
    "--documents",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    metavar="DIR",
    help="Take the case from the message files in a folder instead of from the server.",
)
@click.option("--as", "own", metavar="ID", help="Our authority; else that of the data folder.")
@click.option(
    "--draft",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write message and files into a new folder instead of sending.",
)
@click.option("--yes", is_flag=True, help="Send without asking once more.")
@click.option(
    "--override",
    "overriding",
    multiple=True,
    metavar="RULE=REASON",
    help="Send in spite of this rule of weight error.",
)
@click.option(
    "--wait",
    "wait_seconds",
    type=click.IntRange(0, 86400),
    default=0,
    metavar="SECONDS",
    help="Wait so long for the recipient's acknowledgement.",
)
@click.option(
    "--emergency",
    metavar="REASON",
    help="Send without a second person's approval: life or safety is at risk. The reason is recorded, and looked at afterwards.",
)
def act(case: str, verb: str | None, **options: object) -> None:
    """Say what your authority has to say in a case.

    Confirm receipt, ask, decide, send results, withdraw, close: ACT is a word of the treaties. CASE is the CaseId, or a
    beginning of it. Without ACT it lists what you may say now, whose turn it is, and what is
    not possible, with rule and source.

    What the case knows is filled in: references, the message that is answered, measures, questions and conditions that
    are open, sizes and hashes of files. At a terminal you are asked for what is missing, each question with its reason
    and source (?). An act that would have no effect is refused before it is written. Before it is sent, one line says
    who says what to whom about which request.
    """
    from emla.bootstrap.schema_folder import schema_folder
    from emla.cli.act_view import show_possible
    from emla.cli.act_writing import Wanted, perform
    from emla.cli.finding_table import read_overrides
    from emla.formats.schema import Schemas
    from emla.writing.lore import load_lore

    if verb is None:
        if said := given(options):
            raise click.UsageError(
                f"Say which act --{next(iter(said))} belongs to. emla case act {case} lists the acts."
            )
        show_possible(_source(case, options, Schemas(schema_folder())))
        return
    lore = load_lore(schema_folder())
    source = _source(case, options, lore.schemas)
    places = _texts(options["places"])
    overriding = _texts(options["overriding"])
    wanted = Wanted(
        verb=verb,
        said=given(options),
        attach=_texts(options["attach"]),
        signature=_texts(options["signature"]),
        custody=_texts(options["custody"]),
        places=places,
        answers=_path(options["answers"]),
        request=str(options["request"] or ""),
        reply_to=str(options["reply_to"] or ""),
        draft=_path(options["draft"]),
        sends_at_once=bool(options["yes"]),
        asks=at_terminal() and not wants_json(),
        overrides=read_overrides(overriding),
        wait_seconds=int(str(options["wait_seconds"])),
        emergency=str(options["emergency"]) if options["emergency"] else None,
    )
    perform(lore, source, wanted)


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(each) for each in value) if isinstance(value, tuple) else ()


def _path(value: object) -> Path | None:
    return value if isinstance(value, Path) else None


def _source(case: str, options: dict[str, object], schemas: "Schemas") -> "CaseSource":
    from emla.cli.act_source import from_documents
    from emla.cli.own import own_authority_id

    own = str(options["own"] or "") or own_authority_id(data())
    if not own:
        raise click.UsageError("There is no authority in the data folder: say with --as which one you are.")
    folder = _path(options["documents"])
    if folder is not None:
        return from_documents(folder, schemas, case, own)
    from emla.cli.act_server import from_server

    return from_server(schemas, case, own)
