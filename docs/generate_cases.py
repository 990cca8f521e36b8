"""Writes docs/reference/case-states.md from the state machines and from the rules about acts. Run it with `make docs`.

`tests/documentation/test_case_pages.py` checks that the page is fresh.
"""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from emla.cases.judgement import GROUNDS
from emla.cases.prospects import TURNS
from emla.model.case_states import ExtraditionState, Side, State
from emla.model.measure_machine import MEASURE
from emla.model.request_machine import REQUEST
from emla.model.special_machines import EXTRADITION, INFORMATION, PRESERVATION
from emla.model.transition import Machine, Row

ROOT = Path(__file__).parent
PAGE = ROOT / "reference" / "case-states.md"
FOLLOWS = "*what follows*"
_OPENING: dict[str, str] = {
    REQUEST.name: """Begins with MLARequest, EmergencyDisclosureRequest, AssetRecoveryRequest, ServiceRequest,
ProvisionalArrestRequest, ExtraditionRequest, JITProposal and InterceptionNotification. Drafting and approval come before it and
are no acts towards another authority.""",
    MEASURE.name: "Each thing that a request asks for.",
    PRESERVATION.name: """Begins with PreservationRequest. A request that relates to it (FOLLOWS_PRESERVATION), from the same
State to the same State, ties it to that request, in whichever order the two are read.""",
    EXTRADITION.name: f"""One for a ProvisionalArrestRequest and the ExtraditionRequest that relates to it, beside the states of
the two requests. It begins at `{ExtraditionState.PROVISIONAL_ARREST_REQUESTED.value}`, or at
`{ExtraditionState.FULL_REQUEST_RECEIVED.value}` where no provisional arrest was asked for, and has no state NOTICE_HIT: a notice
is INTERPOL's, and a hit on it is no message of a case; the request that follows names the notice (NoticeRef).""",
    INFORMATION.name: "Begins with SpontaneousInformation.",
}


def _parts(machine: Machine, before: frozenset[State]) -> Iterator[tuple[str, frozenset[State]]]:
    """A set of states as groups that have names, and the states that are left."""
    left = before
    for name, group in machine.groups:
        if group <= left:
            yield name, group
            left -= group
    for state in machine.states:
        if state in left:
            yield state.value, frozenset({state})


def _from(machine: Machine, row: Row) -> str:
    names = {name for name, _ in machine.groups}
    shown = (f"*{name}*" if name in names else f"`{name}`" for name, _ in _parts(machine, row.before))
    return ", ".join(shown) if row.before else "-"


def _to(row: Row) -> str:
    usual = [f"`{each.value}`" for each in row.to] or ["stays"]
    return ", ".join([*usual, FOLLOWS] if row.follows else usual)


def rows(machine: Machine) -> str:
    """The table of one machine."""
    lines = [
        f"| {_from(machine, row)} | {row.cause.value} | {machine.words[row.who]} | {_to(row)} | {row.source} |"
        for row in machine.rows
    ]
    return "\n".join(["| From | Act | By | To | Source |", "|---|---|---|---|---|", *lines])


def diagram(machine: Machine) -> str:
    """The moves of one machine as a drawing; what stays is not drawn."""
    lines = ["stateDiagram-v2"]
    lines += [f'    state "{name}" as {_node(name)}' for name, _ in machine.groups]
    edges: dict[tuple[str, str], list[str]] = {}
    for row in machine.rows:
        sources = [name for name, _ in _parts(machine, row.before)] if row.before else ["[*]"]
        for source in sources:
            for target in row.to:
                if source != target.value:
                    said = edges.setdefault((_node(source), target.value), [])
                    said += [row.cause.value] if row.cause.value not in said else []
    lines += [
        f"    {source} --> {target}: {' / '.join(said).replace(';', ' /')}"
        for (source, target), said in edges.items()
    ]
    lines += [f"    {each.value} --> [*]" for each in machine.states if each in machine.terminal]
    return "```mermaid\n" + "\n".join(lines) + "\n```"


def _node(name: str) -> str:
    return name.replace(" ", "_")


def _groups(machine: Machine) -> Iterable[str]:
    for name, group in machine.groups:
        members = ", ".join(f"`{each.value}`" for each in machine.states if each in group)
        yield f"- *{name}*: {members}."


def section(machine: Machine) -> str:
    """What the page says of one machine."""
    groups = "\n".join(_groups(machine))
    ends = ", ".join(f"`{each.value}`" for each in machine.states if each in machine.terminal)
    sides = f"{machine.words[Side.OPENER]} and {machine.words[Side.ADDRESSEE]}"
    parts = [
        f"## {machine.name[0].upper()}{machine.name[1:]}",
        _OPENING[machine.name],
        f"Its sides are the {sides}. It ends with {ends}.",
        groups,
        diagram(machine),
        rows(machine),
        next_turns(machine) and f"What comes next:\n\n{next_turns(machine)}",
    ]
    return "\n\n".join(each for each in parts if each)


def grounds() -> str:
    """Why an act may have no effect."""
    lines = [
        f"| {each.rule} | {each.sentence.replace('{', '*').replace('}', '*')} | {each.remedy} | {each.source} |"
        for each in sorted(GROUNDS, key=lambda each: each.rule)
    ]
    return "\n".join(["| Rule | What is said | What to do | Source |", "|---|---|---|---|", *lines])


def next_turns(machine: Machine) -> str:
    """Who is expected to act, in which state."""
    lines = [
        f"| `{state.value}` | {machine.words[turn.side]} | {turn.what} | {turn.source} |"
        for state in machine.states
        for turn in [next((turn for key, turn in TURNS.items() if key is state), None)]
        if turn is not None
    ]
    return "\n".join(["| State | Whose turn | What | Source |", "|---|---|---|---|", *lines]) if lines else ""


def page() -> str:
    """The page as it should be."""
    sections = "\n\n".join(
        section(each) for each in (REQUEST, MEASURE, PRESERVATION, EXTRADITION, INFORMATION)
    )
    return f"""# States of requests, measures and the rest

What moves a state is a message that an authority has signed, and nothing else: no delivery, no clock, no operator. What has no
row here has no effect. Why it is so: [cases](../explanation/cases.md).

{FOLLOWS} means: wherever the measures and the open questions say, in this order: withdrawn, referred, refused, results sent
or received, waiting for answers, in consultation, waiting for conditions, in execution, postponed, under review.

{sections}

## Acts without effect

An act that does not hold is kept, shown in its place, and changes nothing. It bears one of these rules. Of an act about several
measures a part may hold. An act that answers a message which is not here waits for it.

{grounds()}
"""


def pages() -> dict[Path, str]:
    """Every generated page and its text as it should be."""
    return {PAGE: page()}


def main() -> int:
    """Write every page that is not fresh and name it."""
    for path, text in pages().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {path.relative_to(ROOT.parent)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
