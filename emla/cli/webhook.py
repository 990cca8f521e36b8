"""`emla webhook`: what happens is posted to a case system, signed."""

from typing import TYPE_CHECKING

import click

from emla.cli.invocation import common, wants_json, with_client
from emla.cli.lazy import Entry, LazyGroup, example_text

if TYPE_CHECKING:
    from emla.client.webhook_answers import WebhookView

webhook = LazyGroup(
    "webhook",
    table={
        "add": Entry("webhook:add", "Have events posted to an address."),
        "list": Entry("webhook:list_webhooks", "List where events are posted to."),
        "show": Entry("webhook:show", "Show one: how far it is, what waits, what failed last."),
        "key": Entry("webhook:key", "Show the public key that verifies what one posts."),
        "test": Entry("webhook:test", "Post an event that says nothing, and see what comes back."),
        "pause": Entry("webhook:pause", "Post nothing for a while."),
        "resume": Entry("webhook:resume", "Go on posting."),
        "remove": Entry("webhook:remove", "End one."),
    },
    text="Where the gateway posts what happens, so that a case system need not ask.",
    example="emla webhook add https://cases.example.org/emla --type received --type case.reminder",
)
_ID = click.argument("webhook_id", metavar="ID")


@common
@click.command(epilog=example_text("emla webhook add https://cases.example.org/emla --type received"))
@click.argument("url", metavar="URL")
@click.option(
    "--type",
    "types",
    metavar="TYPE",
    multiple=True,
    help="Only this type; `received` stands for all that begin with it. May be given again.",
)
@click.option(
    "--after",
    default="now",
    show_default=True,
    metavar="ID",
    help="Begin behind this event; `beginning` posts all there is.",
)
def add(*, url: str, types: tuple[str, ...], after: str) -> None:
    """Have events posted to an address.

    It is told what you are told, with the roles of the token you call with, for as long as you have them. The operator names its
    host in `webhooks.allowed_hosts` before.
    """
    from emla.cli import screen

    found = with_client(lambda client: client.add_webhook(url, types=types, after=after))
    if wants_json():
        screen.emit_json(found)
        return
    screen.say(f"Webhook {found.id} posts to {found.url}.", style="green")
    screen.note(
        f"Give the receiver its key (emla webhook key {found.id}), then: emla webhook test {found.id}"
    )


@common
@click.command("list", epilog=example_text("emla webhook list"))
def list_webhooks() -> None:
    """List where events are posted to.

    Your own; an operator sees all.
    """
    from emla.cli import screen

    found = with_client(lambda client: client.webhooks())
    if wants_json():
        screen.emit_json({"items": found})
    elif not found:
        screen.note("No webhooks.")
    else:
        screen.table(("Id", "Posts to", "For", "State", "Answered last"), [_row(each) for each in found])


@common
@click.command(epilog=example_text("emla webhook show 5d2c0f1e9a8b7c6d"))
@_ID
def show(webhook_id: str) -> None:
    """Show one: how far it is, what waits, what failed last."""
    _show(with_client(lambda client: client.webhook(webhook_id)))


@common
@click.command(epilog=example_text("emla webhook key 5d2c0f1e9a8b7c6d > emla-webhook.pem"))
@_ID
def key(webhook_id: str) -> None:
    """Show the public key that verifies what one posts.

    Bring it to the receiver by a way you trust. The private half is kept nowhere, and ends with the webhook.
    """
    from emla.cli import screen

    found = with_client(lambda client: client.webhook(webhook_id)).key
    if wants_json():
        screen.emit_json(found)
        return
    screen.say(found.pem.rstrip("\n"))
    screen.note(f"keyid {found.keyid}")


@common
@click.command(epilog=example_text("emla webhook test 5d2c0f1e9a8b7c6d"))
@_ID
def test(webhook_id: str) -> None:
    """Post an event that says nothing, and see what comes back.

    Also where the webhook is paused. The event has the type `webhook.ping`, and no id.
    """
    from emla.cli import screen

    found = with_client(lambda client: client.try_webhook(webhook_id))
    if wants_json():
        screen.emit_json(found)
    else:
        screen.say(f"The target answered {found.status}.", style="green")


@common
@click.command(epilog=example_text("emla webhook pause 5d2c0f1e9a8b7c6d"))
@_ID
def pause(webhook_id: str) -> None:
    """Post nothing for a while.

    What happens meanwhile is posted when it is resumed.
    """
    _show(with_client(lambda client: client.pause_webhook(webhook_id)))


@common
@click.command(epilog=example_text("emla webhook resume 5d2c0f1e9a8b7c6d --after now"))
@_ID
@click.option("--after", metavar="ID", help="Behind this event, not where it stood; `now` or `beginning`.")
def resume(*, webhook_id: str, after: str | None) -> None:
    """Go on posting.

    Where it stood: what happened meanwhile is posted first. After the ledger was restored from a backup read the
    cases anew, and go on with --after now. An operator resumes another's where it stood; --after is for its own person.
    """
    _show(with_client(lambda client: client.resume_webhook(webhook_id, after=after)))


@common
@click.command(epilog=example_text("emla webhook remove 5d2c0f1e9a8b7c6d"))
@_ID
def remove(webhook_id: str) -> None:
    """End one.

    A new one to the same address has another key.
    """
    from emla.cli import screen

    found = with_client(lambda client: client.remove_webhook(webhook_id))
    if wants_json():
        screen.emit_json(found)
    else:
        screen.say(f"Webhook {found.id} is ended.", style="green")


def _show(found: "WebhookView") -> None:
    from emla.cli import screen
    from emla.cli.wording import instant

    if wants_json():
        screen.emit_json(found)
        return
    screen.say(f"Webhook {found.id} posts to {found.url}")
    screen.say(f"for      {found.person.name or found.person.id}, since {instant(found.created_at)}")
    screen.say(f"types    {', '.join(found.types) or 'all'}")
    if found.paused:
        screen.say(
            f"paused   {instant(found.paused.at)}, {found.paused.code}: {found.paused.why}", style="yellow"
        )
    else:
        screen.say("state    active")
    screen.say(f"place    {found.place or 'the beginning'}")
    if found.told_at:
        screen.say(f"answered {instant(found.told_at)}, last")
    if found.waiting:
        screen.say(f"waiting  {_waiting(found)}")
    if found.failed:
        failed = found.failed
        row = f", {found.failures} in a row" if found.failures else ""
        screen.say(f"failed   {instant(failed.at)}{row}, {failed.code}: {failed.detail}")
    screen.say(f"keyid    {found.key.keyid}")


def _waiting(found: "WebhookView") -> str:
    from emla.cli.wording import count

    waiting = found.waiting
    if waiting is None:
        return ""
    return ("at least " if waiting.more else "") + count(waiting.count, "event", "events")


def _row(each: "WebhookView") -> tuple[str, ...]:
    from emla.cli.wording import instant

    state = f"paused: {each.paused.code}" if each.paused else "active"
    if not each.paused and each.failures and each.failed:
        state = f"failing: {each.failed.code}"
    told = instant(each.told_at) if each.told_at else ""
    return (each.id, each.url, each.person.name or each.person.id, state, told)
