"""How complete a request is, as a person reads it."""

from emla.cli import screen
from emla.rules.completeness import Completeness

_SHOWN = 12


def show_completeness(complete: Completeness) -> None:
    """Print the count, and what is missing."""
    screen.note(
        f"Complete: {complete.required_there} of {complete.required} required items ({complete.percent} %), "
        f"{complete.wished_there} of {complete.wished} that spare a question."
    )
    for each in complete.missing[:_SHOWN]:
        weight = "required" if each.required else "wished"
        screen.note(f"  {weight}: {each.what}, line {each.line or '-'} ({each.source})")
    if len(complete.missing) > _SHOWN:
        screen.note(f"  and {len(complete.missing) - _SHOWN} more")
