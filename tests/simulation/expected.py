"""What the campaigns of `make test` have to meet, and what they cannot: invariant 33, "sometimes".

Rules of this file:
- `MUST` fails the campaign when it was not met. `RARE` is met in long campaigns, and a short one may miss it.
- A code that is in none of the lists fails a test: whoever adds one decides whether the simulation must meet it.
"""

from tests.simulation.options import Kind
from tests.simulation.points import HUB_STEPS, KEY_STEPS, STEPS

_RARE_STEPS = ("O8",)
SEEN_ELSEWHERE = frozenset(
    {"O8", "O10", "O11", "I8", "I11", "I12", "I13", "I14", "H6", "M1", "M3"}
) | frozenset({"C3", "C4", "K1", "K3", "K6", "K7", "T1"})
"""Steps whose deaths a short campaign may miss: O8 needs a package that expires, I8 is I7 with another verdict; O10, O11, I11
and I12 an operator (tests/faults/test_commit_points.py), I13 and I14 a scanner and an officer
(tests/unit/flow/test_scans.py), H6 and K6 months, T1 days (tests/unit/flow/test_reminders.py); M1 is I1 to I4, O6 and K4;
with M3 nothing becomes durable. C3 is K2; C4 and K7 are acts of officers; K1 is behind every run, and K3 is a file beside K2."""
_DEATHS = frozenset(
    {
        f"{step} {when}"
        for step in (*STEPS, *HUB_STEPS, *KEY_STEPS)
        if step not in _RARE_STEPS
        for when in ("before", "after")
    }
    | {"O3", "O4", "O5", "I1", "I5", "H3"}
)
_EDGES = frozenset(
    {
        "inbox ACCEPTED CONSIGNED",
        "inbox ACCEPTED QUARANTINED",
        "inbox CONSIGNED HANDED",
        "leg ACCEPTED CONSIGNED",
        "leg ACCEPTED CONSIGNMENT_FAILED",
        "leg ACCEPTED HANDED",
        "leg CONSIGNED HANDED",
        "leg READY ACCEPTED",
        "leg READY CONSIGNED",
        "leg READY CONSIGNMENT_FAILED",
        "leg READY DONE",
        "leg READY HANDED",
        "leg HUB_HELD ACCEPTED",
        "leg HUB_HELD CONSIGNED",
        "leg HUB_HELD DONE",
        "leg READY HUB_HELD",
        "leg READY REPLACED",
    }
)
_CODES = frozenset(
    {
        "clock-skew",
        "digest-mismatch",
        "malformed",
        "not-found",
        "payload-damaged",
        "peer-nonsense",
        "peer-unreachable",
        "replayed-call",
        "stale-call",
        "store-failed",
        "three-strikes",
        "timeout",
    }
)
_STRANGERS_CODES = frozenset(
    {
        "already-held",
        "bad-signature",
        "bad-suite",
        "chunk-damaged",
        "commit-mismatch",
        "equivocation",
        "expired",
        "manifest-mismatch",
        "not-recipient",
        "part-mismatch",
        "stanza-mismatch",
        "unknown-package",
    }
)

MUST: dict[Kind, dict[str, frozenset[str]]] = {
    Kind.LINE: {
        "points": _DEATHS | {"storage failed"},
        "edges": _EDGES | {"leg READY EXPIRED"},
        "codes": _CODES | _STRANGERS_CODES | {"unknown-kid"},
        "weather": frozenset({"clock jumps", "doubled", "refused", "replayed", "rot", "torn"}),
    },
    Kind.STORAGE: {
        "points": _DEATHS | {"disk failed", "disk full"},
        "edges": _EDGES,
        "codes": _CODES | {"disk-full"},
        "weather": frozenset({"power cuts", "cut in a job", "rot"})
        | {"emla.db-wal lost writes", "emla.db lost writes"},
    },
}

RARE = frozenset(
    {"processing", "stopping", "bad-request", "acknowledgement-mismatch", "stale-peer", "ledger-broken"}
) | {"revoked-key", "invalid-document", "document-rollback", "bad-call-signature"}
"""Codes that the timing of a run may bring or not; `ledger-broken` must never come and fails the run when it does."""

OUT_OF_REACH: dict[str, tuple[str, ...]] = {
    "of keys and documents: nobody is frozen, and officers make no mistakes (tests/integration/test_key_*.py)": (
        "unknown-sender", "frozen", "document-expired", "fingerprint-mismatch", "peer-conflict", "approval-missing",
        "same-officer", "open-legs",
        "key-locked", "wrong-passphrase", "weak-passphrase", "wrong-token-pin", "token-unavailable", "unreadable-key",
    ),
    "of what an officer hands in wrongly; the officers of a run make no mistakes (tests/integration/test_bad_input.py)": (
        "invalid-message", "malformed-xml", "unknown-recipient", "not-sender", "missing-attachment",
        "unnamed-attachment", "attachment-changed", "check-failed", "message-id-reused", "case-changed",
        "not-readable", "too-large",
    ),
    "of what was recalled, or may not be used any more (tests/unit/flow/test_holdings.py)": (
        "recalled", "use-ended", "retention-ended", "not-erased", "unusable",
    ),
    "of the command line and of the start of a server": (
        "server-not-running", "unreadable-answer", "server-running", "not-initialised", "already-initialised",
        "bad-setting", "address-in-use", "newer-schema", "migration-changed", "unreadable-file", "unwritable-file",
        "usage", "preview-failed", "pdf-unavailable", "draft-damaged", "draft-open",
    ),
    "of acts of operators and of two officers, whom no run has yet (tests/unit/flow)": (
        "act-lapsed", "wrong-state", "held", "closed", "profile-changed",
    ),
    "of hubs that are full, called by strangers or not pinned (tests/attacks/test_row_28.py to 65)": (
        "unsigned-call", "misdirected-call", "mailbox-full", "not-owner", "proof-missing",
        "wrong-role", "hub-not-pinned",
    ),
    "of people and their rights; nobody is on record in a run (tests/integration/test_people.py)": (
        "not-authenticated", "not-allowed", "not-cleared",
        "guessing", "role-conflict", "own-rights", "no-custodian", "name-taken",
    ),
    "of erasure: no run erases (tests/unit/flow/test_erase.py, tests/faults/test_erasure.py)": (
        "erased", "legal-hold", "not-erasable", "own-order", "order-waits", "order-decided",
    ),
    "of the malware scanner, which no run has (tests/unit/flow/test_scans.py)": ("infected", "scanner-failed", "not-scanned"),
    "of a second person before a message is sent; nobody is on record (tests/unit/flow/test_drafts.py)": (
        "needs-approval", "no-emergency", "own-draft", "draft-changed", "draft-decided",
    ),
    "of calls that are repeated with a key; no run makes any (tests/unit/web/test_repeated.py)": (
        "idempotency-key-reused", "idempotency-key-in-use",
    ),
    "of calls that no officer makes (tests/integration/test_openapi.py, tests/unit/flow/test_happenings.py)": (
        "method-not-allowed", "place-unknown",
    ),
    "of webhooks, which no run has (tests/unit/flow/test_webhooks.py)": ("refused-target", "target-unreachable"),
    "of access reports, which no officer of a run asks for (tests/unit/flow/test_accesses.py)": (
        "only-through-hub", "reports-full",
    ),
    "of limits, which are not narrow in a run (tests/attacks/test_row_51.py to 54)": ("busy", "quota"),
    "of backups and of folders restored from one (tests/attacks/test_row_36.py, test_row_86.py)": (
        "backup-damaged", "backup-incomplete", "wrong-backup-key", "ledger-behind", "ledger-restored",
    ),
    "of TLS and of addresses, which the simulated network does not have (tests/unit/transport, tests/attacks)": (
        "wrong-pin", "refused-endpoint",
    ),
    "of proofs, which the stranger of a run does not forge (tests/attacks, tests/vectors)": ("proof-mismatch",),
    "of bodies that no run sends (tests/attacks)": ("unsupported-encoding",),
    "bugs of ours; a run in which one is answered has failed": ("internal",),
}  # fmt: skip
"""Codes that no run can meet, and why."""

NOT_IN_FOLDERS: dict[int, str] = {
    1: "what was shown is compared in the run: with what officers saw, and after each power cut with what others hold",
    11: "what an officer is given is compared when it is given (officers.py); how it is read: tests/attacks",
    14: "two checkpoints that do not fit are two ledgers: the audit (0), 13 and 15 see them; nobody cosigns yet",
    20: "memory and tasks are gone with the process; their bounds are held by tests/attacks/test_row_51.py to 54 and 82",
    21: "a folder knows no latencies; `make bench` and tests/attacks/test_row_82.py measure them",
    24: "a leg keeps its last time only; tests/unit/flow hold each next one against the back-off",
    27: "no run erases: tests/unit/flow/test_erase.py searches every byte, tests/faults/test_erasure.py cuts it at every step",
    28: "clocks are set in the runs themselves: what they must not cause is 3, 6 and 30",
    29: "there is no release before this one yet",
    31: "judged under 30: what was issued and never arrived; nobody cosigns yet",
    33: "counted by `make test` (MUST)",
}
"""Invariants that no folder can show afterwards, and what holds them instead."""
