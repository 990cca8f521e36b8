"""Writes docs/reference/rules.md from the rules themselves. Run it with `make docs`."""

import re
import sys
from pathlib import Path

from emla.formats.schematron import RuleFiles
from emla.model.findings import Severity
from emla.rules.completeness import ITEMS
from emla.rules.identity import IDENTITY
from emla.rules.table import RULES

ROOT = Path(__file__).parent
COMPLETENESS = ROOT / "reference" / "completeness.md"
PAGE = ROOT / "reference" / "rules.md"
SCHEMAS = ROOT.parent / "schemas"
_WEIGHTS = {
    Severity.FATAL: "blocks",
    Severity.ERROR: "blocks unless overridden with a reason",
    Severity.WARNING: "informs",
    Severity.INFO: "informs",
}


def _row(*cells: str) -> str:
    return "| " + " | ".join(each.replace("|", "\\|").replace("\n", " ") for each in cells) + " |"


def page() -> str:
    """The page as it should be."""
    checks = sorted(RuleFiles(SCHEMAS / "rules").checks(), key=lambda each: each.id)
    rows = "\n".join(
        _row(
            f'<a id="{each.id.lower()}"></a>{each.id}',
            each.severity.value,
            each.message.template(),
            each.remedy.template(),
            each.source.template(),
        )
        for each in checks
    )
    identity = "\n".join(
        _row(
            f'<a id="{each.id.lower()}"></a>{each.id}', each.severity, each.message, each.remedy, each.source
        )
        for each in IDENTITY
    )
    more = "\n".join(
        _row(
            f'<a id="{each.id.lower()}"></a>{each.id}',
            each.severity.value,
            each.needs,
            re.sub(r"\{[a-z]+\}", "...", each.message),
            each.remedy,
            each.source,
        )
        for each in RULES
    )
    weights = "\n".join(
        _row(each.value, _WEIGHTS[each]) for each in (Severity.FATAL, Severity.ERROR, Severity.WARNING)
    )
    return f"""# Rules

What a message must say beyond its schema. At the sender a rule has the weight that is given here:

| Weight | At the sender |
|---|---|
{weights}

At the recipient no rule blocks: law is decided by people. What the rules find there is kept with the message, and
`emla message show` shows it to the officer. Only the schema and the identity of a message are conditions of delivery
([the ladder](../spec/ladder.md), rung 20).

How to send in spite of an error, and what is recorded then: [Send a request](../how-to/send-a-request.md).

## Identity

| Rule | Weight | What is wrong | How to mend it | Source |
|---|---|---|---|---|
{identity}

At most 500 findings of each kind are listed. Then `BR-more` says that there may be more; it is fatal, because behind it may
be what no reason makes good.

## Rules that need only the document

They are Schematron, in `schemas/rules/`, and any processor of ISO Schematron can run them: they use XPath 1.0 and `xsl:key`.

| Rule | Weight | What is wrong | How to mend it | Source |
|---|---|---|---|---|
{rows}

## Rules that need more

They are functions in `emla/rules/`. What they need is known where it is known: the recipient's profile at the sender, the
case in the gateway that holds it. A rule whose matter is not known finds nothing.

| Rule | Weight | Needs | What is wrong | How to mend it | Source |
|---|---|---|---|---|---|
{more}
"""


def completeness() -> str:
    """The page about the score."""
    rows = "\n".join(
        _row("required" if each.required else "wished", each.what, each.about or "the request", each.source)
        for each in ITEMS
    )
    return f"""# Completeness

`emla message check` counts how much of what a request should say is there. The score decides nothing: whether a message may be
sent is said by the [rules](rules.md).

- Each item counts once for each element it is about. What does not apply is not counted: particulars of a hearing only where a
  hearing is asked for, the text of the law only where a measure is coercive.
- **Required** is what the treaty in the last column lists for a request, or what a coercive measure needs. The percentage is the
  share of these that are there, rounded down; 100 % means all.
- **Wished** is what spares a question back. It is counted beside, and is no part of the percentage.
- The number is comparable only with that of the same request, before and after it was mended.

| | Item | Counted for each | Source |
|---|---|---|---|
{rows}
"""


def pages() -> dict[Path, str]:
    """Every generated page and its text as it should be."""
    return {PAGE: page(), COMPLETENESS: completeness()}


def main() -> int:
    """Write every page that is not fresh and name it."""
    for path, text in pages().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {path.relative_to(ROOT.parent)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
