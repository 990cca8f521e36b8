"""`emla demo --hub`: the same request reaches an authority without an inbound port, through a hub that can read nothing.

Three processes. The demo also plays the hub's operator, who changes one byte of what the hub holds; and whoever gets hold of the
hub's disk, and searches every byte of it.
"""

import asyncio
import time

from emla.bootstrap.demo import DemoFailedError, Story
from emla.bootstrap.demo_search import found_in, search_for
from emla.bootstrap.demo_servers import DemoServer, make_demo_server
from emla.client.client import Client
from emla.model.acknowledgement import Event
from emla.model.leg import LegState
from emla.model.settings import Role

_HUB = "eu.hub"
_WAIT_SECONDS = 10


class HubStory(Story):
    """The acts of the demo with a hub, in order."""

    expected = (
        Event.SUBMISSION_ACCEPTANCE,
        Event.HUB_ACCEPTANCE,
        Event.RELAY_ACCEPTANCE,
        Event.CONTENT_CONSIGNMENT,
        Event.CONTENT_HANDOVER,
    )

    async def tell(self) -> None:
        """Tell the whole story."""
        folder = self._folder
        hub = make_demo_server(folder, _HUB, "Hub of the conference", "EU", role=Role.HUB)
        japan = make_demo_server(folder, "jp.moj", "Ministry of Justice of Japan", "JP")
        netherlands = make_demo_server(
            folder, "nl.moj", "Ministry of Justice and Security", "NL", hubs=(_HUB,), endpoint=False
        )
        servers = (hub, japan, netherlands)
        try:
            await self._tell_with(*servers)
        finally:
            for each in servers:
                each.stop()

    async def _tell_with(self, hub: DemoServer, japan: DemoServer, netherlands: DemoServer) -> None:
        self._act(
            "Two central authorities and a hub make their keys and documents. nl.moj has no inbound port."
        )
        await asyncio.gather(*(each.start() for each in (hub, japan, netherlands)))
        self._fact(
            f"three processes run: {_HUB} ({hub.process_id}), jp.moj ({japan.process_id}),"
            f" nl.moj ({netherlands.process_id}), which listens for nobody"
        )
        self._act(
            "They exchange cards as files and compare fingerprints by telephone; each pins the hub, too."
        )
        for here in (japan, netherlands, hub):
            for there in (hub, japan, netherlands):
                if here is not there:
                    await self._pin(here, there, first_wrong=(here, there) == (japan, hub))
        netherlands.stop()
        self._fact("nl.moj is stopped: it will collect later")
        pid, files = await self._submit(japan)
        await self._damage(hub, netherlands)
        self._act("nl.moj collects its mailbox again; its acceptance goes straight to jp.moj.")
        await netherlands.start()
        await self._deliver(japan, pid, known=2)
        await self._open(netherlands, pid, files)
        await self._handed(japan, pid)
        self._verify_offline(hub, japan, netherlands)
        for each in (netherlands, japan):
            each.stop()
        hub.kill()
        self._search(hub, japan, netherlands)
        self._audit(hub, japan, netherlands)
        self._console.print(
            "\nDelivered through a hub that could not read, and proved. Technical delivery is not acceptance of the"
            " request: that is for the requested authority to say."
        )

    async def _submitted(self, client: Client, pid: str) -> None:
        found = await client.message(pid)
        known = 0
        while found.state != LegState.HUB_HELD:
            self._timeline(found, known)
            known = len(found.acknowledgements)
            found = await client.wait_for(pid, after=known, wait_seconds=_WAIT_SECONDS)
            if len(found.acknowledgements) == known:
                raise DemoFailedError("the hub did not take the package in time")
        self._timeline(found, known)
        self._fact("HUB_HELD is not delivered: jp.moj goes on asking until nl.moj itself has signed")

    async def _damage(self, hub: DemoServer, netherlands: DemoServer) -> None:
        """The hub's operator changes a byte; the recipient refuses what it collects, and leaves it where it is."""
        self._act("The hub's operator changes one byte of what the hub holds, and nl.moj collects.")
        (held,) = [each for each in (hub.data / "blobs").rglob("*") if each.is_file()]
        sealed = held.read_bytes()
        place = len(sealed) // 2
        held.write_bytes(sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :])
        await netherlands.start()
        log = netherlands.data.with_suffix(".log")
        end = time.monotonic() + _WAIT_SECONDS
        while b'"digest-mismatch"' not in log.read_bytes():
            if time.monotonic() > end:
                raise DemoFailedError("nl.moj did not refuse the changed package")
            await asyncio.sleep(0.05)
        async with Client(netherlands.socket) as client:
            self._expect(
                holds=not await client.list_messages(),
                text="refused, digest-mismatch: nothing was taken, and the hub was not told to let it go",
            )
        netherlands.stop()
        held.write_bytes(sealed)
        self._fact("the byte is what it was")

    def _search(self, hub: DemoServer, *others: DemoServer) -> None:
        self._act("Somebody gets hold of the hub's disk, and searches every byte of it for the request.")
        case = self._folder / "S01"
        files = sorted(case.iterdir())
        (message,) = [each for each in files if each.suffix == ".xml"]
        public = [each.documents.read_bytes() for each in (hub, *others)]
        search = search_for(message, [each for each in files if each != message], public)
        size_bytes, found = found_in(case, search)
        self._expect(
            holds=len(found) >= len(search.texts),
            text=f"the search itself works: it finds all {len(search.texts)} texts, names, references and part"
            f" bytes in the officer's own folder ({size_bytes:,} bytes)",
        )
        size_bytes, found = found_in(hub.data, search)
        self._expect(
            holds=not found,
            text=f"none of them is anywhere in the {size_bytes:,} bytes of {_HUB}"
            + (f": {'; '.join(found[:3])}" if found else ""),
        )
