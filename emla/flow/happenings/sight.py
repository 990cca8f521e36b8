"""sight: what of a happening is for whom.

Packages: for who sees every envelope, and for whose case it is. Drafts: for who drafted, and for who sees all cases. The case's
id is sealed content: an operator is not told it. A case whose package is not opened yet is nobody's in particular. Asked anew
for each happening, so that a right that ended, or a case that was taken away, ends it at once. No leaf is left: a happening has
nothing that a person could read.
"""

from dataclasses import replace

from emla.flow.people.sight import Sight
from emla.model.happening import DRAFTS, Happening
from emla.model.person import Caller, PersonRole


def shown(happening: Happening, caller: Caller, sight: Sight) -> Happening | None:
    """A happening as a caller is told it; None where it is not for the caller."""
    if happening.person is not None and happening.person == caller.id and caller.sees_content:
        return happening  # that a case is one's own no longer is told, too
    if happening.case_id is not None and sight.sees(caller, happening.case_id):
        return happening
    if happening.type.family == DRAFTS and not caller.sees_all_cases:
        return None
    every_envelope = caller.sees_all_cases or PersonRole.OPERATOR in caller.roles
    if not every_envelope or (happening.pid is None and happening.case_id is not None):
        return None
    return happening if caller.sees_all_cases else replace(happening, case_id=None)
