"""What an authority's documents must be to be trusted (docs/spec/documents.md 9).

Rules of the table: `safeguard`.
"""

from tests.ablation.safeguard import Safeguard

ROWS = (
    Safeguard(
        name="a root is signed by its own threshold",
        row="41",
        file="emla/steps/trust.py",
        old="for signatory in (root, previous or root):",
        new="for signatory in (previous or root,):",
        held_by=("tests/attacks/test_row_41.py::test_a_new_root_needs_the_threshold_of_both",),
    ),
    Safeguard(
        name="a root is signed by the threshold before it",
        row="41",
        file="emla/steps/trust.py",
        old="for signatory in (root, previous or root):",
        new="for signatory in (root,):",
        held_by=("tests/attacks/test_row_41.py::test_a_new_root_needs_the_threshold_of_both",),
    ),
    Safeguard(
        name="root versions rise by one, each names the one before",
        row="42",
        file="emla/steps/trust.py",
        old="if root.version != number or root.prev != previous_sha256:",
        new="if False:",
        held_by=("tests/attacks/test_row_42.py::test_no_root_is_skipped_moved_or_repeated",),
    ),
    Safeguard(
        name="a chain of roots keeps its authority",
        row="42",
        file="emla/steps/trust.py",
        old="if previous and root.authority != previous.authority:",
        new="if False:",
        held_by=("tests/unit/steps/test_trust.py::test_a_chain_of_roots_does_not_pass_to_another_authority",),
    ),
    Safeguard(
        name="the pin beats the documents",
        row="45",
        file="emla/steps/trust.py",
        old="if pin.sha256 != previous_sha256:",
        new="if False:",
        held_by=(
            "tests/unit/test_vectors.py::test_our_code_says_what_the_vector_says[documents/export-root-not-pinned]",
        ),
    ),
    Safeguard(
        name="the pinned root stands in the chain",
        row="45",
        file="emla/steps/trust.py",
        old="or not pinned:\n",
        new="or False:\n",
        held_by=(
            "tests/unit/test_vectors.py::test_our_code_says_what_the_vector_says[documents/export-pin-not-in-chain]",
        ),
    ),
    Safeguard(
        name="a card needs the threshold of its root",
        row="46",
        file="emla/steps/trust.py",
        old=(
            "    if _signatures_by(root, signed) < root.threshold:\n"
            '        raise InvalidDocumentError("invalid-document", "The card'
        ),
        new=(
            "    if _signatures_by(root, signed) < 1:\n"
            '        raise InvalidDocumentError("invalid-document", "The card'
        ),
        held_by=(
            "tests/unit/steps/test_trust.py::test_no_two_signatures_of_one_key_reach_a_threshold_of_two",
        ),
    ),
    Safeguard(
        name="a revocation is signed by a root key",
        row="46",
        file="emla/steps/trust.py",
        old="if _signatures_by(chain[revocation.root_version - 1], signed) < 1:",
        new="if False:",
        held_by=(
            "tests/attacks/test_row_46.py::test_a_status_does_not_make_a_revocation_of_what_no_root_key_signed",
        ),
    ),
    Safeguard(
        name="a revocation is one of this authority",
        row="46",
        file="emla/steps/trust.py",
        old="revocation.authority != chain[-1].authority or ",
        new="",
        held_by=(
            "tests/attacks/test_row_46.py::test_a_root_key_takes_nothing_away_in_another_authoritys_name",
        ),
    ),
    Safeguard(
        name="a former root key takes nothing away",
        row="46",
        file="emla/steps/trust.py",
        old="not each.by_newest and each.sha256 not in vouched",
        new="False",
        held_by=(
            "tests/unit/steps/test_succeed.py::test_a_revocation_outlives_the_root_key_that_signed_it_but_a_removed_key_signs_no_more",
        ),
    ),
    Safeguard(
        name="what the status names stays revoked",
        row="46",
        file="emla/steps/trust.py",
        old="set(status.revocations) if status else set()",
        new="set()",
        held_by=(
            "tests/unit/test_vectors.py::test_our_code_says_what_the_vector_says[documents/export-revocation-by-removed-root-key-named]",
        ),
    ),
    Safeguard(
        name="what was known stays revoked",
        row="46",
        file="emla/steps/trust.py",
        old=("    if known:\n        vouched"),
        new=("    if False and known:\n        vouched"),
        held_by=(
            "tests/unit/steps/test_succeed.py::test_a_revocation_outlives_the_root_key_that_signed_it_but_a_removed_key_signs_no_more",
        ),
    ),
    Safeguard(
        name="no revocation counts twice",
        row="46",
        file="emla/steps/trust.py",
        old="if len({each.sha256 for each in believed}) != len(believed):",
        new="if False:",
        held_by=(
            "tests/unit/test_vectors.py::test_our_code_says_what_the_vector_says[documents/export-revocation-twice]",
        ),
    ),
    Safeguard(
        name="a profile is one of this authority",
        row="42",
        file="emla/steps/trust.py",
        old="if profile.authority != authority.id:",
        new="if False:",
        held_by=(
            "tests/unit/test_vectors.py::test_our_code_says_what_the_vector_says[documents/export-profile-other-authority]",
        ),
    ),
    Safeguard(
        name="a profile is signed by a key of the card",
        row="45",
        file="emla/steps/trust.py",
        old="if signer_of(authority, signed, profile.created, revoked_too=seen) is None:",
        new="if False:",
        held_by=(
            "tests/unit/steps/test_trust.py::test_what_stood_here_before_its_key_was_revoked_stands_and_what_is_new_does_not",
        ),
    ),
    Safeguard(
        name="a status is one of this authority",
        row="42",
        file="emla/steps/trust.py",
        old="if status.authority != authority.id:",
        new="if False:",
        held_by=(
            "tests/unit/test_vectors.py::test_our_code_says_what_the_vector_says[documents/export-status-other-authority]",
        ),
    ),
    Safeguard(
        name="a status is signed by a key of the card",
        row="43",
        file="emla/steps/trust.py",
        old="if signer_of(authority, signed, status.at, revoked_too=seen) is None:",
        new="if False:",
        held_by=(
            "tests/unit/steps/test_trust.py::test_what_stood_here_before_its_key_was_revoked_stands_and_what_is_new_does_not",
        ),
    ),
    Safeguard(
        name="the checkpoint of a status is of its ledger",
        row="43",
        file="emla/steps/trust.py",
        old="if status.checkpoint and not _is_checkpoint_of",
        new="if False and not _is_checkpoint_of",
        held_by=(
            "tests/unit/steps/test_trust.py::test_a_checkpoint_in_a_status_is_not_of_a_revoked_ledger_key",
        ),
    ),
    Safeguard(
        name="a status names the versions that came with it",
        row="42",
        file="emla/steps/trust.py",
        old="if named != version or named_sha256 != sha256:",
        new="if named_sha256 != sha256:",
        held_by=(
            "tests/unit/test_vectors.py::test_our_code_says_what_the_vector_says[documents/export-status-older-card]",
        ),
    ),
    Safeguard(
        name="a status names the very documents that came with it",
        row="42",
        file="emla/steps/trust.py",
        old="if named != version or named_sha256 != sha256:",
        new="if named != version:",
        held_by=(
            "tests/unit/test_vectors.py::test_our_code_says_what_the_vector_says[documents/export-status-other-card]",
        ),
    ),
    Safeguard(
        name="no revocation is held back on the way",
        row="46",
        file="emla/steps/trust.py",
        old="if not set(status.revocations) <= {each.sha256 for each in believed}:",
        new="if False:",
        held_by=(
            "tests/unit/test_vectors.py::test_our_code_says_what_the_vector_says[documents/export-revocation-held-back]",
        ),
    ),
    Safeguard(
        name="a key signs documents inside its window only",
        row="29",
        file="emla/steps/trust.py",
        old="if not key.not_before <= at < key.not_after or",
        new="if",
        held_by=(
            "tests/unit/test_vectors.py::test_our_code_says_what_the_vector_says[documents/export-profile-outside-window]",
        ),
    ),
    Safeguard(
        name="a revoked key signs no documents",
        row="29",
        file="emla/steps/trust.py",
        old="or (authority.revoked(key.kid) and not revoked_too):",
        new="or False:",
        held_by=(
            "tests/unit/steps/test_trust.py::test_what_stood_here_before_its_key_was_revoked_stands_and_what_is_new_does_not",
        ),
    ),
    Safeguard(
        name="a revoked ledger key signs no checkpoint",
        row="29",
        file="emla/steps/trust.py",
        old="if authority.revoked(key.kid) and not revoked_too:",
        new="if False:",
        held_by=(
            "tests/unit/steps/test_trust.py::test_a_checkpoint_in_a_status_is_not_of_a_revoked_ledger_key",
        ),
    ),
    Safeguard(
        name="only a known profile outlives its key",
        row="29",
        file="emla/steps/trust.py",
        old="seen=bool(known and known.profile == documents.profile)",
        new="seen=bool(known)",
        held_by=(
            "tests/unit/steps/test_trust.py::test_what_stood_here_before_its_key_was_revoked_stands_and_what_is_new_does_not",
        ),
    ),
    Safeguard(
        name="only a known status outlives its key",
        row="29",
        file="emla/steps/trust.py",
        old="seen=bool(known and known.status == documents.status)",
        new="seen=bool(known)",
        held_by=(
            "tests/unit/steps/test_trust.py::test_what_stood_here_before_its_key_was_revoked_stands_and_what_is_new_does_not",
        ),
    ),
    Safeguard(
        name="a frozen authority is not used",
        row="46",
        file="emla/steps/trust.py",
        old="    if authority.frozen:",
        new="    if False:",
        held_by=("tests/attacks/test_row_46.py::test_any_one_root_key_freezes_the_authority",),
    ),
    Safeguard(
        name="expired documents are not used",
        row="42",
        file="emla/steps/trust.py",
        old="        if now >= expires:",
        new="        if False:",
        held_by=("tests/unit/steps/test_trust.py::test_documents_expire_at_their_instant",),
    ),
    Safeguard(
        name="a status that is a week old is stale",
        row="43",
        file="emla/steps/trust.py",
        old="    if now >= max(ends, pinned_at + STALE_SECONDS):",
        new="    if False:",
        held_by=("tests/attacks/test_row_43.py::test_the_same_documents_are_fresh_then_late_then_stale",),
    ),
    Safeguard(
        name="what people compared keeps a peer fresh",
        row="43",
        file="emla/steps/trust.py",
        old="max(ends, pinned_at + STALE_SECONDS)",
        new="ends",
        held_by=("tests/attacks/test_row_43.py::test_the_same_documents_are_fresh_then_late_then_stale",),
    ),
    Safeguard(
        name="a status that is two days old is late",
        row="43",
        file="emla/steps/trust.py",
        old="    if now >= max(authority.fresh_at, pinned_at) + LATE_SECONDS:",
        new="    if False:",
        held_by=("tests/attacks/test_row_43.py::test_the_same_documents_are_fresh_then_late_then_stale",),
    ),
    Safeguard(
        name="a card is one of its root's authority",
        row="46",
        file="emla/steps/trust.py",
        old="if card.authority != root.authority or card.root_version != root.version:",
        new="if card.root_version != root.version:",
        held_by=("tests/unit/steps/test_trust.py::test_root_keys_make_no_card_of_another_authority",),
    ),
    Safeguard(
        name="a card belongs to the newest root",
        row="42",
        file="emla/steps/trust.py",
        old="if card.authority != root.authority or card.root_version != root.version:",
        new="if card.authority != root.authority:",
        held_by=(
            "tests/unit/steps/test_trust.py::test_a_card_of_the_root_before_is_refused_even_when_its_keys_are_still_there",
        ),
    ),
)
