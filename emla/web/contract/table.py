"""Every call of the authority API, by method and path. A new call gets a row in the file of its subject, or of a new one."""

from collections.abc import Mapping

from emla.web.contract import (
    accesses,
    acts,
    cases,
    documents,
    drafts,
    erasure,
    events,
    gateway,
    messages,
    people,
    scans,
    webhooks,
)
from emla.web.contract.call import Call

_SUBJECTS = (
    *(gateway, messages, scans, drafts, cases, acts, accesses, erasure),
    *(events, webhooks, people, documents),
)
CALLS: Mapping[tuple[str, str], Call] = {
    (call.method, call.path): call for subject in _SUBJECTS for call in subject.CALLS
}
