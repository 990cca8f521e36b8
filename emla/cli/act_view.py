"""How a case looks to an officer who is about to say something: where it stands, whose turn it is, which acts are possible."""

from emla.cases.judgement import Objection
from emla.cli import screen
from emla.cli.act_source import CaseSource
from emla.cli.invocation import wants_json
from emla.cli.wording import short
from emla.steps.validate import ValidMessage
from emla.writing.possible import possible
from emla.writing.situation import NextTurn, Situation

_SHOWN_MAX = 6


def show_possible(source: CaseSource) -> None:
    """The acts of a case: which are possible now, and why the others are not."""
    if wants_json():
        screen.emit_json(
            {"case_id": source.case_id, "requests": [_as_json(each) for each in source.situations]}
        )
        return
    for situation in source.situations:
        screen.say(heading(situation), style="bold")
        for turn in situation.turns:
            screen.say(_turn(turn))
        judged = possible(situation)
        screen.table(
            ("You may say", "What it does"),
            [(act.verb, act.text) for act, objection in judged if objection is None],
            fold=("What it does",),
        )
        refused: dict[Objection, list[str]] = {}
        for act, objection in judged:
            if objection is not None:
                refused.setdefault(objection, []).append(act.verb)
        screen.table(
            ("Not now", "Why", "Source"),
            [
                (", ".join(verbs), each.sentence, f"{each.rule}: {each.source}")
                for each, verbs in refused.items()
            ],
            fold=("Not now", "Why", "Source"),
        )
    screen.note(f"To say it: emla case act {source.case_id[:8]} VERB", style="dim")


def _as_json(situation: Situation) -> dict[str, object]:
    judged = possible(situation)
    return {
        "request": situation.opening.message_id,
        "message_type": situation.opening.message_type,
        "own_side": situation.side.value,
        "states": list(situation.states),
        "measures": [
            {"id": each.measure_id, "type": each.kind, "state": each.state} for each in situation.measures
        ],
        "turns": [
            {
                "ours": each.ours,
                "what": each.what,
                "source": each.source,
                "due_on": each.due_on and f"{each.due_on}",
            }
            for each in situation.turns
        ],
        "possible": [
            {"act": act.verb, "message_type": act.message} for act, objection in judged if not objection
        ],
        "not_possible": [
            {
                "act": act.verb,
                "message_type": act.message,
                "rule": objection.rule,
                "sentence": objection.sentence,
                "source": objection.source,
                "remedy": objection.remedy,
            }
            for act, objection in judged
            if objection
        ],
    }


def heading(situation: Situation) -> str:
    """Which request it is and where it stands."""
    measures = "; ".join(f"{each.measure_id} {each.state}" for each in situation.measures[:_SHOWN_MAX])
    more = "; ..." if len(situation.measures) > _SHOWN_MAX else ""
    stands = ", ".join(situation.states)
    return f"{named(situation)} is {stands}" + (f" ({measures}{more})" if measures else "")


def named(situation: Situation) -> str:
    """A request by its type, sender and reference."""
    opening = situation.opening
    reference = situation.requesting_reference or short(opening.message_id)
    return f"{opening.message_type} {reference} of {opening.sender}"


def _turn(turn: NextTurn) -> str:
    who = "Your turn" if turn.ours else "The other side's turn"
    by = f" by {turn.due_on}" if turn.due_on else ""
    return f"{who}: {turn.what}{by} ({turn.source})."


def summary(valid: ValidMessage, situation: Situation, verb: str) -> str:
    """In one line who says what to whom about which request."""
    message = valid.message
    officer = message.signing_officer
    files = len(message.attachments)
    along = f", with {files} file{'s' if files > 1 else ''}" if files else ""
    return (
        f"{message.sender} says {verb} ({message.message_type}) to {message.recipient} about the {named(situation)}{along};"
        f" signed by {officer.name}, {officer.post}."
    )
