"""How soon a thing ends, as tables colour it: at 60, 30, 7 and 1 days."""

from rich.text import Text

_DAY = 86400
_COLOURS = ((1, "bold red"), (7, "red"), (30, "yellow"), (60, "cyan"))
"""Up to so many days left, this colour; more need none."""


def colour(days: float) -> str:
    """The colour for so many days left."""
    return next((style for most, style in _COLOURS if days <= most), "")


def days_left(days: float | None) -> Text:
    """Days left, whole ones rounded down; hours on the last day."""
    if days is None:
        return Text("-")
    if days <= 0:
        return Text("ENDED", style="bold red")
    words = f"{int(days * 24)} h" if days < 1 else f"{int(days)} d"
    return Text(words, style=colour(days))


def age(seconds: float) -> str:
    """How long ago: ``40 s``, ``12 min``, ``5 h``, ``3 d``."""
    for unit, size in (("d", _DAY), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{max(0, int(seconds))} s"
