"""`emla message preview`: a message as a page to read and print, HTML or PDF."""

from pathlib import Path

import click

from emla.cli.invocation import common, wants_json
from emla.cli.lazy import example_text
from emla.model.codelist import LANGUAGES


@common
@click.command(epilog=example_text("emla message preview request.xml --pdf"))
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--pdf", is_flag=True, help="A PDF instead of an HTML page.")
@click.option(
    "--to",
    "target",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Where to write it; else in this folder, named after the message file. .pdf in the name means --pdf.",
)
@click.option(
    "--lang",
    type=click.Choice(LANGUAGES),
    default="en",
    show_default=True,
    help="Language of the labels of codes; the names of the fields are in English.",
)
def preview(file: Path, *, pdf: bool, target: Path | None, lang: str) -> None:
    """Show a message as a page to read and print.

    Works for any message, also one that was received (`emla message open`) and one that is not valid yet: what
    schema and rules find stands at the head of the page. Nothing is sent and no server is needed. The file is read by a
    process without keys, files and network. The page is one file that loads nothing; only you can read it, and a file
    that is there already is left as it is.
    """
    from emla.bootstrap.schema_folder import schema_folder
    from emla.cli import screen
    from emla.cli.checking import open_main
    from emla.cli.export_file import write_new
    from emla.cli.wording import count
    from emla.model.limits import XmlLimits
    from emla.sandbox.press import Format, print_page

    form = Format.PDF if pdf or (target is not None and target.suffix.lower() == ".pdf") else Format.HTML
    if target is None:
        target = Path(f"{file.stem}.{form}")
    with open_main(file) as main:
        document = main.read(XmlLimits().size_bytes_max)
    page = print_page(document, form, schemas=schema_folder(), language=lang)
    write_new(target, page.data, private=True)
    if wants_json():
        listed = {
            "file": str(file),
            "page": str(target),
            "format": form,
            "findings": page.findings,
            "notes": page.notes,
        }
        screen.emit_json(listed)
        return
    screen.say(f"Written: {target}")
    if page.findings:
        found = count(page.findings, "finding", "findings")
        screen.note(f"{found} at the head of the page. To list them: emla message check {file}", "yellow")
    for note in page.notes:
        screen.note(note, style="yellow")
