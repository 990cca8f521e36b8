"""Cases as a prosecutor reads them: what happens next, and what the transport did never mixed with what was said."""

from collections.abc import Iterator

from rich.text import Text

from emla.cli import screen
from emla.cli.erasure_view import erasure_rows, marks
from emla.cli.holding_view import show_holdings
from emla.cli.limit_view import next_day, show_limits
from emla.cli.wording import NOT_ACCEPTANCE, count, instant, short, spaced, state
from emla.client.case_answers import (
    ActView,
    BriefStanding,
    Case,
    CaseLine,
    Cases,
    Happening,
    Move,
    StandingView,
    Timeline,
    Turn,
)

_SIDES = {"opener": "requesting side", "addressee": "requested side", "either": "either side"}


def show_cases(cases: Cases) -> None:
    """Print the list: a line for everything that was begun."""
    rows: list[tuple[str | Text, ...]] = [_row(line, each) for line in cases.items for each in line.standings]
    rows += [
        (short(line.case_id), "-", "-", "-", _bare(line), "-", "-")
        for line in cases.items
        if not line.standings
    ]
    screen.table(
        ("Case", "Our file", "With", "What", "Stands at", "Next", "By"),
        rows,
        fold=("Our file", "With", "What", "Stands at", "Next"),
    )
    if cases.more:
        screen.note("There are more cases: ask for more of them with --limit.")


def _row(line: CaseLine, standing: BriefStanding) -> tuple[str | Text, ...]:
    is_opener = standing.own_side == "opener"
    turns = standing.turns
    ours = [each for each in turns if each.ours]
    return (
        short(line.case_id),
        (standing.requesting_reference if is_opener else standing.requested_reference) or "-",
        ", ".join(standing.addressees) if is_opener else standing.opener,
        spaced(standing.opening.message_type),
        Text(f"{', '.join(standing.states)}{_counted(standing.measures)}").append_text(_marks(line)),
        "; ".join(f"we: {each.what}" for each in ours)
        or "; ".join(f"they: {each.what}" for each in turns)
        or "nothing is expected",
        next_day(standing.deadlines),
    )


def _bare(line: CaseLine) -> Text:
    """A case in which nothing is begun: its acts wait for an earlier message, or were erased."""
    acts = Text(f"{count(line.acts, 'act', 'acts')}, waiting" if line.acts else "")
    return acts.append_text(_marks(line))


def _marks(line: CaseLine) -> Text:
    return marks(line.hold, line.erasures, line.erasures_waiting)


def _counted(measures: dict[str, int]) -> str:
    return f" ({', '.join(f'{number} {name}' for name, number in measures.items())})" if measures else ""


def show_case(case: Case) -> None:
    """Print one case."""
    screen.facts(list(_heading(case)))
    for standing in case.standings:
        _show_standing(standing)
    screen.table(
        ("Said on", "Message", "By", "Effect", "Delivery"),
        [
            (
                instant(each.issued_at),
                spaced(each.message_type),
                each.sender,
                _effect(each),
                _delivery(each),
            )
            for each in case.acts
        ],
        title="What was said, and what became of each package",
        fold=("Message", "By", "Effect", "Delivery"),
    )
    show_holdings(case.holdings)
    for act in case.acts:
        for objection in act.objections:
            screen.say(
                f"{spaced(act.message_type)} of {act.sender}: {objection.sentence} ({objection.rule}; {objection.source})"
            )
            screen.say(f"  {objection.remedy}", style="dim")
    if not case.whole:
        screen.note(
            "Not all acts of this case could be read here; what is shown may be incomplete.", style="yellow"
        )
    screen.note(NOT_ACCEPTANCE)


def _heading(case: Case) -> Iterator[tuple[str, str]]:
    yield "Case", case.case_id
    for each in case.related:
        yield ("Names" if each.named else "Named by"), f"{each.case_id} ({each.relation})"
    yield from erasure_rows(case.hold, case.erasures, case.erasures_waiting)


def _show_standing(standing: StandingView) -> None:
    opening = standing.opening
    rows = [
        ("", ""),
        (spaced(opening.message_type), f"of {instant(opening.issued_at)}, {opening.message_id}"),
        ("Between", f"{standing.opener} (asks) and {', '.join(standing.addressees)}"),
        ("Their files", f"{standing.requesting_reference or '-'} / {standing.requested_reference or '-'}"),
    ]
    rows += [
        (name, value)
        for name, value in (
            ("Request", standing.request),
            ("Preservation", standing.preservation),
            ("Extradition", standing.extradition),
            ("Information", standing.information),
        )
        if value
    ]
    if standing.preserved_until:
        rows.append(("Preserved until", standing.preserved_until))
    rows += [
        (
            f"Measure {each.id}",
            f"{each.state}{', crossing its withdrawal' if each.crossing else ''}: {each.type}",
        )
        for each in standing.measures
    ]
    rows += [
        ("Open questions", ", ".join(open_))
        for each in standing.inquiries
        if (open_ := [question.id for question in each.questions if question.open])
    ]
    if standing.use_limits:
        rows.append(("Use is bound by", ", ".join(standing.use_limits)))
    if standing.to_return:
        rows.append(("To be returned", ", ".join(each.local_id for each in standing.to_return)))
    if standing.unusable:
        rows.append(("Not to be used", f"what came with {', '.join(map(short, standing.unusable))}"))
    rows += [("Next", _next(each)) for each in standing.turns] or [("Next", "nothing is expected of anybody")]
    screen.facts(rows)
    show_limits(standing.deadlines)


def _next(turn: Turn) -> str:
    who = "WE" if turn.ours else _SIDES.get(turn.side, turn.side)
    by = f", by {turn.due_on}" if turn.due_on else ""
    return f"{who}: {turn.what}{by} ({turn.source})"


def _effect(act: ActView) -> str:
    if act.missing:
        return f"{act.effect}: {short(act.missing)}"
    if act.effect != "effective":
        return act.effect
    return "; ".join(map(_moved, act.moves)) or "no state moves"


def _moved(move: Move) -> str:
    return f"{move.subject or move.machine}: {move.after}"


def _delivery(act: ActView) -> str:
    delivery = act.delivery
    if delivery is None or delivery.state is None:
        return "-"
    return state(delivery.state, "in" if act.direction == "received" else "out")


def show_timeline(timeline: Timeline) -> None:
    """Print what happened: acts and deliveries in columns of their own."""
    screen.facts([("Case", timeline.case_id)])
    screen.table(
        ("When", "Legal act", "Technical delivery", "By"),
        [_happened(each) for each in timeline.items],
        fold=("Legal act", "Technical delivery", "By"),
    )
    screen.note(NOT_ACCEPTANCE)


def _happened(each: Happening) -> tuple[str, str, str, str]:
    if each.layer == "act":
        moved = "; ".join(map(_moved, each.moves)) or (each.effect or "")
        return instant(each.at), f"{spaced(each.message_type)} ({moved})", "", each.sender
    reason = f" ({each.reason})" if each.reason else ""
    return (
        instant(each.at),
        "",
        f"{spaced(each.event or '')} of the {spaced(each.message_type)}{reason}",
        each.by or "-",
    )
