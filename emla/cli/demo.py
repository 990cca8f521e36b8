"""`emla demo`: the whole line on one machine."""

import click

from emla.cli.invocation import common, wants_json
from emla.cli.lazy import example_text


@common
@click.command(epilog=example_text("emla demo --keep"))
@click.option("--keep", is_flag=True, help="Keep the temporary folder with both authorities' data.")
def demo(*, keep: bool) -> None:
    """Two authorities exchange a request on this machine.

    Everything is real but the authorities: two gateways, TLS 1.3 with pinned keys, signed acknowledgements
    that are verified offline. Exit code 1 when anything is not as it should be.
    """
    from rich.console import Console

    from emla.bootstrap.demo import run

    if wants_json():
        raise click.UsageError("demo tells a story; it has no --json.")
    raise click.exceptions.Exit(run(keep=keep, console=Console(highlight=False, soft_wrap=True)))
