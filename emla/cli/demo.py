"""`emla demo`: the whole line on one machine."""

import click

from emla.cli.invocation import common, wants_json
from emla.cli.lazy import example_text


@common
@click.command(epilog=example_text("emla demo --keep"))
@click.option("--keep", is_flag=True, help="Keep the temporary folder with the authorities' data.")
@click.option("--hub", is_flag=True, help="The recipient has no inbound port: it is reached through a hub.")
def demo(*, keep: bool, hub: bool) -> None:
    """Two authorities exchange a request on this machine.

    Everything is real but the authorities: two gateways, TLS 1.3 with pinned keys, signed acknowledgements
    that are verified offline. With --hub one of them has no inbound port, and a hub, a third process, holds what is for
    it; at the end every byte of the hub's folder is searched for anything of the request. Exit code 1 when
    anything is not as it should be.
    """
    from rich.console import Console

    from emla.bootstrap.demo import Story, run
    from emla.bootstrap.demo_hub import HubStory

    if wants_json():
        raise click.UsageError("demo tells a story; it has no --json.")
    raise click.exceptions.Exit(
        run(HubStory if hub else Story, keep=keep, console=Console(highlight=False, soft_wrap=True))
    )
