"""Data folders of authorities in this process, as `emla init` makes them."""

import time
from datetime import datetime
from pathlib import Path

from emla.bootstrap.initialise import About, initialise


def make_folder(
    data: Path,
    authority: str,
    *,
    hubs: tuple[str, ...] = (),
    endpoint: bool = True,
    at: datetime | None = None,
    time_zone: str = "UTC",
) -> None:
    """Initialise an authority, now or at an instant; its fingerprint lies in the folder for `Station.pin`."""
    made = initialise(
        data,
        About(
            authority=authority,
            names=(("en", authority),),
            endpoint_url="https://127.0.0.1:9" if endpoint else "",
            country=authority[:2].upper(),
            contacts=(("email", f"desk@{authority}.example.org"),),
            languages=("en",),
            time_zone=time_zone,
            office_hours="09:00-17:00",
            hubs=hubs,
        ),
        now=int(at.timestamp() if at else time.time()),
    )
    (data / "fingerprint").write_text(made.fingerprint)
