"""The `emla` command: its families, and the one way out of every command."""

import os
import sys
from collections.abc import Sequence

import click

from emla.cli import failure
from emla.cli.lazy import Entry, LazyGroup
from emla.model.errors import EmlaError

INTERRUPTED = 130

FAMILIES = {
    "init": Entry("init:init", "Make an authority in an empty data folder."),
    "serve": Entry("serve:serve", "Run the gateway, or a hub, until it is stopped."),
    "doctor": Entry("doctor:doctor", "Check everything the gateway needs; say what to do."),
    "message": Entry("message:message", "Check, send, list, show and open messages."),
    "request": Entry("message:message", "The same as message."),
    "draft": Entry("draft:draft", "Messages that wait for a second person."),
    "case": Entry("case:case", "What was asked for, where it stands, and what happens next."),
    "events": Entry("events:events", "What happened here, as case systems are told it."),
    "webhook": Entry(
        "webhook:webhook", "Where the gateway posts what happens, so that a case system need not ask."
    ),
    "schema": Entry("schema:schema", "What the words of messages mean."),
    "card": Entry("card:card", "This authority's own card."),
    "profile": Entry("profile:profile", "What this authority says of itself, and wants of requests."),
    "keys": Entry("keys:keys", "The private keys of this authority and of its people."),
    "root": Entry("root:root", "The offline root, on removable media."),
    "peer": Entry("peer:peer", "The other authorities known here."),
    "stats": Entry("stats:stats", "Show how many requests there were, with whom and what became of them."),
    "quarantine": Entry(
        "quarantine:quarantine", "What waits for a decision: what could not be opened, what is kept back."
    ),
    "leg": Entry("leg:leg", "What waits for its way to a peer."),
    "hub": Entry("hub:hub", "What a hub holds for its members."),
    "person": Entry("person:person", "Who works here, and what each of them may do."),
    "token": Entry("token:token", "What shows the server who is calling."),
    "audit": Entry("audit:audit", "What the ledger tells about people."),
    "ledger": Entry("ledger:ledger", "The tamper-evident record of all of it."),
    "backup": Entry("backup:backup", "Everything of an authority in one sealed file."),
    "demo": Entry("demo:demo", "Two authorities exchange a request on this machine."),
}

emla = LazyGroup(
    "emla",
    table=FAMILIES,
    text="""The gateway through which states exchange requests for mutual legal assistance.

Exit codes: 0 done, 1 failed, 2 usage, 3 refused by a rule or the peer, 4 key locked or not authenticated,
5 unreachable (try again), 6 integrity alarm, 130 interrupted.""",
    example="emla message send request.xml --wait 60",
)


def _version(ctx: click.Context, _: click.Parameter, value: object) -> None:
    if value:
        from emla import __version__

        click.echo(f"emla {__version__}")
        ctx.exit()


emla.params.append(
    click.Option(
        ["--version"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_version,
        help="Show the version and leave.",
    )
)


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code. Nothing but an exit code leaves this function."""
    # The error may come before or after the options are read, so both are looked for in the words themselves.
    words = list(arguments)
    own = words[: words.index("--")] if "--" in words else words
    as_json, debug = "--json" in own, "--debug" in own
    try:
        result = emla.main(args=words, prog_name="emla", standalone_mode=False)
        sys.stdout.flush()
    except EmlaError as error:
        return failure.report(error, as_json=as_json)
    except click.UsageError as error:
        return failure.report_usage(error, as_json=as_json)
    except click.ClickException as error:
        return failure.report_usage(click.UsageError(error.format_message()), as_json=as_json)
    except (KeyboardInterrupt, click.Abort):
        click.echo("\nInterrupted.", err=True)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has left (`emla message list | head`). Python must not stumble over that at
        # exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001 # the last border: an unknown error must still become one line and a code
        return failure.report_unexpected(error, as_json=as_json, debug=debug)
    return result if isinstance(result, int) else 0
