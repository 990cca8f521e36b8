"""Every call of the authority API, by method and path. A new call gets a row in the file of its subject, or of a new one."""

from collections.abc import Mapping

from emla.web.contract import (
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
)
from emla.web.contract.call import Call

CALLS: Mapping[tuple[str, str], Call] = {
    (call.method, call.path): call
    for subject in (gateway, messages, scans, drafts, cases, acts, erasure, events, people, documents)
    for call in subject.CALLS
}
