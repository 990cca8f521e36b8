"""A rule that needs more than the document: its words beside the function that finds what breaks it.

Rules of this file: a function yields places and values, never sentences; severity, sentence, remedy and source stand in the table
(`table.py`), so that the reference page, the override and the test of each rule come from one row.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from lxml import etree

from emla.formats.quoting import shown
from emla.formats.xml import ElementPaths
from emla.model.findings import Finding, Severity
from emla.rules.context import Context


@dataclass(frozen=True, slots=True)
class Hit:
    """One place at which a rule is broken; None is the whole message."""

    element: etree._Element | None = None
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule."""

    id: str
    severity: Severity
    needs: str
    """What it needs beside the document: ``values``, ``profile``, ``time``, ``instruments`` or ``case``."""
    message: str
    """The sentence; names in braces are filled with the values of a hit."""
    remedy: str
    source: str
    hits: Callable[[Context], Iterator[Hit]]

    def check(self, context: Context, paths: ElementPaths) -> Iterator[Finding]:
        """Every finding of this rule."""
        for hit in self.hits(context):
            yield Finding(
                rule=self.id,
                severity=self.severity,
                message=self.message.format_map({name: shown(value) for name, value in hit.values.items()}),
                line=None if hit.element is None else hit.element.sourceline,
                path="" if hit.element is None else paths.of(hit.element),
                source=self.source,
                remedy=self.remedy,
            )
