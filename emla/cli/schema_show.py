"""`emla schema show` and `list`: what an element, a type, a code, a list, an instrument or a rule means."""

import re
from typing import TYPE_CHECKING

import click

from emla.cli.invocation import common, wants_json
from emla.cli.lazy import example_text
from emla.model.codelist import LANGUAGES

if TYPE_CHECKING:
    from emla.formats.explain import Vocabulary
    from emla.model.explanation import Explanation, Member

_PLACE = re.compile(r"\{[a-z]+\}")
_KINDS = ("messages", "lists", "rules")
_language = click.option(
    "--lang",
    type=click.Choice(LANGUAGES),
    default="en",
    show_default=True,
    help="Language of the labels of codes.",
)


@common
@click.command(epilog=example_text("emla schema show SEARCH_SEIZURE --lang fr"))
@click.argument("name")
@_language
def show(name: str, lang: str) -> None:
    """Explain an element, code, list, instrument or rule.

    NAME is a message, an element, a path such as MLARequest/Measure or one that a finding showed, a type, a code list, a code,
    an instrument or a rule. A name with several meanings gets all of them. Definitions are in English.
    """
    from emla.cli import screen
    from emla.model.errors import NotFoundError

    vocabulary = _vocabulary(lang)
    found = vocabulary.find(name)
    if not found:
        near = vocabulary.near(name)
        hint = f" Did you mean {' or '.join(near)}?" if near else " `emla schema list` shows what there is."
        raise NotFoundError("not-found", f"Nothing in the schemas is called “{name[:80]}”.{hint}")
    if wants_json():
        screen.emit_json({"name": name, "language": lang, "meanings": [_as_json(each) for each in found]})
        return
    for number, explanation in enumerate(found):
        if number:
            screen.say("")
        _show(explanation)


@common
@click.command("list", epilog=example_text("emla schema list CL-MEASURE --lang es"))
@click.argument("what", default="messages")
@_language
def list_words(what: str, lang: str) -> None:
    """List messages, code lists, rules or the codes of one list.

    WHAT is messages (the default), lists, rules, or the name of a code list.
    """
    from emla.cli import screen
    from emla.model.errors import NotFoundError

    vocabulary = _vocabulary(lang)
    if what in _KINDS:
        members: tuple[Member, ...] = getattr(vocabulary, what)()
    else:
        found = [each for each in vocabulary.find(what) if each.kind == "list"]
        if not found:
            words = ", ".join(_KINDS)
            raise NotFoundError("not-found", f"“{what[:80]}” is neither {words} nor a code list.")
        members = found[0].members
    if wants_json():
        screen.emit_json({"what": what, "language": lang, "members": members})
        return
    _table(members)


def _vocabulary(language: str) -> "Vocabulary":
    from emla.bootstrap.schema_folder import schema_folder
    from emla.formats.explain import Vocabulary
    from emla.model.explanation import RuleWords
    from emla.rules.identity import IDENTITY
    from emla.rules.table import RULES

    more = [
        RuleWords(
            id=each.id,
            severity=each.severity.value,
            message=_PLACE.sub("...", each.message),
            remedy=each.remedy,
            source=each.source,
        )
        for each in RULES
    ]
    return Vocabulary(schema_folder(), language, more_rules=(*IDENTITY, *more))


def _show(found: "Explanation") -> None:
    from emla.cli import screen

    screen.say(f"{found.name} ({found.kind})", style="bold")
    if found.label:
        screen.say(found.label)
    screen.say(found.definition)
    screen.facts([*found.facts, ("Source", found.source)])
    if found.members:
        _table(found.members)


def _table(members: "tuple[Member, ...]") -> None:
    from emla.cli import screen

    screen.table(
        ("Name", "", "Meaning"),
        [(each.name, each.note, each.text) for each in members],
        fold=("Meaning",),
    )


def _as_json(found: "Explanation") -> dict[str, object]:
    return {
        "kind": found.kind,
        "name": found.name,
        "label": found.label or None,
        "definition": found.definition,
        "source": found.source,
        "facts": [{"name": name, "value": value} for name, value in found.facts],
        "members": list(found.members),
    }
