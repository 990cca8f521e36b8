"""How case systems are told what happens: the feed over the ledger, and who reads it."""

from emla.bootstrap.parts import Parts
from emla.flow.gateway import Gateway
from emla.flow.happenings.feed import Feed
from emla.flow.people.sight import Sight
from emla.web.events_api import EventsApi, StreamLimits
from emla.web.rights import Rights


def feed_of(parts: Parts) -> Feed:
    """The feed of a gateway, told of every commit."""
    feed = Feed(parts.listings, parts.store.read.case_of)
    parts.store.on_commit(feed.tell)
    return feed


def events_api(gateway: Gateway, feed: Feed, sight: Sight, rights: Rights) -> EventsApi:
    """What serves the feed on the authority's socket."""
    limits = StreamLimits(streams=gateway.settings.events.streams)
    return EventsApi(feed, sight, rights, gateway.clock, limits)
