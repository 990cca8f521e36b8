"""`emla doctor`: looks at everything the gateway needs."""

import os
import time
from dataclasses import replace
from pathlib import Path

import click

from emla.cli.invocation import common, data, wants_json
from emla.cli.lazy import example_text
from emla.cli.unlock import chosen, passphrase_options, token_pin_options


@common
@click.command(epilog=example_text("emla doctor --data /srv/emla"))
@passphrase_options
@token_pin_options
def doctor(
    *,
    passphrase_file: Path | None,
    passphrase_fd: int | None,
    token_pin_file: Path | None,
    token_pin_fd: int | None,
) -> None:
    """Check everything the gateway needs; say what to do.

    Works with and without a running server and changes nothing. Exit code 0 when all is well or only to be
    watched, 1 when something fails.
    """
    import asyncio

    from rich.text import Text

    from emla.bootstrap.doctor import Verdict, examine
    from emla.cli import screen
    from emla.cli.wording import count

    secrets = replace(
        chosen(
            passphrase_file=passphrase_file,
            passphrase_fd=passphrase_fd,
            token_pin_file=token_pin_file,
            token_pin_fd=token_pin_fd,
        ),
        ask=None,
    )
    checks = asyncio.run(examine(data(), os.environ, int(time.time()), secrets))
    failed = [each for each in checks if each.verdict is Verdict.FAIL]
    if wants_json():
        screen.emit_json({"healthy": not failed, "checks": checks})
    else:
        styles = {Verdict.OK: "green", Verdict.WARN: "yellow", Verdict.FAIL: "bold red"}
        screen.table(
            ("", "What", "Found", "What to do"),
            [
                (Text(each.verdict.value, styles[each.verdict]), each.name, each.found, each.remedy)
                for each in checks
            ],
            fold=("Found", "What to do"),
        )
        if failed:
            found = count(len(failed), "check fails", "checks fail")
            screen.say(f"{found}: mend from the top, then run it again.", style="bold red")
        else:
            screen.say("Nothing stands in the way.", style="green")
    if failed:
        raise click.exceptions.Exit(1)
