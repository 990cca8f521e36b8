"""How case systems are told what happens: the feed over the ledger, who reads it, and where it is posted."""

from emla.bootstrap.parts import Parts
from emla.flow.gateway import Gateway
from emla.flow.happenings.feed import Feed
from emla.flow.happenings.tell import Tell
from emla.flow.happenings.webhooks import Webhooks
from emla.flow.people.sight import Sight
from emla.web.events_api import EventsApi, StreamLimits
from emla.web.rights import Rights
from emla.web.webhooks_api import WebhooksApi


def feed_of(parts: Parts) -> Feed:
    """The feed of a gateway, told of every commit."""
    feed = Feed(parts.listings, parts.store.read.case_of)
    parts.store.on_commit(feed.tell)
    return feed


def events_api(gateway: Gateway, feed: Feed, sight: Sight, rights: Rights) -> EventsApi:
    """What serves the feed on the authority's socket."""
    limits = StreamLimits(streams=gateway.settings.events.streams)
    return EventsApi(feed, sight, rights, gateway.clock, limits)


def webhooks_api(gateway: Gateway, feed: Feed, tell: Tell) -> WebhooksApi:
    """What serves webhooks on the authority's socket."""
    return WebhooksApi(gateway, feed, Webhooks(gateway, feed, tell))
