"""The options of `emla case act`: one table. What each means in which act is in `emla.writing.act_flags`."""

from collections.abc import Callable, Mapping

import click

Decorator = Callable[[Callable[..., None]], Callable[..., None]]

SAID: Mapping[str, str] = {
    "measure": "A measure, alone or with what is said of it: M1=ACCEPTED, M2=REFUSED:DUAL_CRIMINALITY, M1=EXECUTED_FULL.",
    "ground": "The ground, a code; of one measure M2=CODE, of a question Q1=CODE.",
    "reason": "Reasons in words; for one measure or condition M2=TEXT.",
    "condition": "A condition: M1=USE_LIMIT:TEXT; in inform USE_LIMIT=TEXT. In answer-conditions C1=ACCEPTED or C1=NOT_ACCEPTED.",
    "part": "Which part is accepted or consented to.",
    "until": "A day: until when, or by when it is expected.",
    "from": "The day that was due until now.",
    "due": "The day by which an answer is asked for.",
    "reference": "Your own reference of the request, or of what is preserved.",
    "received": "When the request was received.",
    "missing": "Something that seems to be missing.",
    "text": "The message in words.",
    "question": "ask: a question. answer: Q1=ANSWER.",
    "file": "Attachments that belong to an answer: Q1=A1.",
    "topic": "What the consultation is about, a code; the subject of information.",
    "proposal": "What you propose.",
    "to": "The authority that is competent, or who is to receive it.",
    "passed-on": "When the request was passed on.",
    "remedy": "The legal remedy against a decision.",
    "no-consultation": "Why there was no consultation before a refusal.",
    "state": "Where it stands, a code.",
    "scope": "ALL, or MEASURES with --measure.",
    "material": "What is to become, or became, of the material: a code.",
    "stopped": "When execution was stopped.",
    "item": "An item: KIND=DESCRIPTION. Of what was sent the id of an item or file; or a MessageId, for all that it brought.",
    "holder": "Who holds an item at dispatch.",
    "executed": "The day on which a measure was executed.",
    "note": "An explanatory note; of one measure M1=TEXT.",
    "outcome": "What came of it, a code.",
    "verified": "Whether the files agree with their manifest: yes or no.",
    "failed": "A file that does not agree.",
    "cost": "A cost: KIND=AMOUNT.",
    "currency": "The currency of a cost.",
    "change": "A change: /PATH/OF/ELEMENT=NEW VALUE.",
    "purpose": "The new purpose.",
    "proceedings": "The proceedings concerned.",
    "decision": "The decision, a code.",
    "court": "The court.",
    "on": "A day or an instant.",
    "place": "A place.",
    "action": "What is to be done with what is recalled, a code.",
    "confidentiality": "How confidential the message is, a code.",
    "signed-by": "Name of the officer who signs.",
    "post": "The officer's post.",
    "at": "The place of signing.",
    "language": "The language you write in; else one that the recipient accepts.",
}  # fmt: skip
"""Options with a value; most may be given several times."""
SWITCHES: Mapping[str, str] = {
    "final": "This is the last result.",
    "suspended": "Execution waits for the answers.",
    "incomplete": "More answers will come.",
    "no-conditions": "The information is given without any condition of use.",
}


def said_options() -> Decorator:
    """Give a command the options of both tables, as one mapping of those that were given."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        for name, words in reversed(tuple(SWITCHES.items())):
            command = click.option(f"--{name}", _variable(name), is_flag=True, help=words)(command)
        for name, words in reversed(tuple(SAID.items())):
            metavar = "TEXT"
            command = click.option(f"--{name}", _variable(name), multiple=True, metavar=metavar, help=words)(
                command
            )
        return command

    return decorate


def given(values: Mapping[str, object]) -> dict[str, tuple[str, ...]]:
    """What was given, by option."""
    found: dict[str, tuple[str, ...]] = {}
    for name in (*SAID, *SWITCHES):
        value = values.get(_variable(name))
        if value is True:
            found[name] = ("yes",)
        elif isinstance(value, tuple) and value:
            found[name] = tuple(str(each) for each in value)
    return found


def _variable(name: str) -> str:
    return "said_" + name.replace("-", "_")
