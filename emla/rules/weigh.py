"""weigh: findings and an officer's overrides -> findings that say which of them are overridden.

Rules of this file:
- Only weight ERROR can be overridden: what is fatal no reason makes good.
- An override of a rule that found nothing has no effect and is recorded nowhere.
"""

from collections.abc import Iterable
from dataclasses import replace

from emla.model.findings import Finding, Override, Severity
from emla.model.terms import Terms


def weigh(findings: Iterable[Finding], terms: Terms) -> tuple[Finding, ...]:
    """Write the reason of each override at the findings it concerns."""
    reasons = {each.rule: each.reason for each in terms.overrides}
    return tuple(
        replace(each, override=reasons[each.rule])
        if each.severity is Severity.ERROR and each.rule in reasons
        else each
        for each in findings
    )


def overridden(findings: Iterable[Finding]) -> tuple[Override, ...]:
    """The overrides that had an effect, each once, in the order of the rules."""
    used = {each.rule: each.override for each in findings if each.override}
    return tuple(Override(rule=rule, reason=used[rule]) for rule in sorted(used))
