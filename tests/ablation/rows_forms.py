"""What documents, keys and signed objects must look like, and what a revocation does to a key.

Rules of the table: `safeguard`.
"""

from tests.ablation.safeguard import Safeguard

ROWS = (
    Safeguard(
        name="a higher root ends a freeze",
        row="46",
        file="emla/model/documents.py",
        old=" and each.root_version == self.root.version",
        new="",
        held_by=("tests/unit/steps/test_succeed.py::test_a_freeze_is_news_and_ends_with_a_higher_root_only",),
    ),
    Safeguard(
        name="a revoked key is no key",
        row="29",
        file="emla/model/documents.py",
        old="return None if self.revoked(kid) else self.listed",
        new="return self.listed",
        held_by=("tests/attacks/test_row_46.py::test_a_revoked_key_does_not_come_back_with_the_next_card",),
    ),
    Safeguard(
        name="nothing is sealed to a revoked key",
        row="48",
        file="emla/model/documents.py",
        old="key.not_after and not self.revoked(key.kid)\n",
        new="key.not_after\n",
        held_by=(
            "tests/attacks/test_row_46.py::test_a_seal_key_that_one_root_key_took_away_is_neither_sealed_to_nor_live",
        ),
    ),
    Safeguard(
        name="a revoked sealing key takes nothing more",
        row="48",
        file="emla/model/documents.py",
        old="WIRE.expiry_seconds_max and not self.revoked(key.kid)",
        new="WIRE.expiry_seconds_max",
        held_by=(
            "tests/attacks/test_row_46.py::test_a_seal_key_that_one_root_key_took_away_is_neither_sealed_to_nor_live",
        ),
    ),
    Safeguard(
        name="a sealing key takes packages for 90 days more",
        row="48",
        file="emla/model/documents.py",
        old="key.not_after + WIRE.expiry_seconds_max and",
        new="key.not_after and",
        held_by=(
            "tests/unit/steps/test_trust.py::test_a_sealing_key_takes_packages_for_ninety_days_after_its_end",
        ),
    ),
    Safeguard(
        name="a sealing key takes nothing before its time",
        row="48",
        file="emla/model/documents.py",
        old="if key.not_before <= now < key.not_after + WIRE",
        new="if now < key.not_after + WIRE",
        held_by=(
            "tests/unit/steps/test_trust.py::test_a_sealing_key_takes_packages_for_ninety_days_after_its_end",
        ),
    ),
    Safeguard(
        name="of two revocations the earlier counts",
        row="29",
        file="emla/model/documents.py",
        old=(
            "        found = (each for each in self.revocations if each.kid == kid)\n"
            "        return min(found, key=lambda each: (each.invalid_since, each.created), default=None)"
        ),
        new=(
            "        found = (each for each in self.revocations if each.kid == kid)\n"
            "        return next(found, None)"
        ),
        held_by=(
            "tests/unit/steps/test_succeed.py::test_of_two_revocations_of_a_key_the_one_that_reaches_back_furthest_counts",
        ),
    ),
    Safeguard(
        name="a status lives for seven days at most",
        row="43",
        file="emla/formats/standing.py",
        old="if not 0 < status.expires - status.at <= STATUS_LIFE_SECONDS_MAX:",
        new="if False:",
        held_by=("tests/unit/formats/test_standing.py::test_a_status_lives_for_seven_days_at_most",),
    ),
    Safeguard(
        name="a set of revocations has one spelling",
        row="46",
        file="emla/formats/standing.py",
        old="if not ascending or",
        new="if",
        held_by=(
            "tests/unit/test_vectors.py::test_our_code_says_what_the_vector_says[documents/status-revocation-twice]",
        ),
    ),
    Safeguard(
        name="a revocation begins when it is known",
        row="46",
        file="emla/formats/standing.py",
        old="if revocation.invalid_since > revocation.created:",
        new="if False:",
        held_by=(
            "tests/unit/test_vectors.py::test_our_code_says_what_the_vector_says[documents/revocation-begins-later]",
        ),
    ),
    Safeguard(
        name="officers decide about their documents only",
        row="75",
        file="emla/formats/approval.py",
        old="if kind not in APPROVABLE:",
        new="if False:",
        held_by=("tests/unit/formats/test_approval.py::test_an_approval_that_is_none_is_malformed",),
    ),
    Safeguard(
        name="officers are at least two",
        row="75",
        file="emla/formats/approval.py",
        old="or len(distinct) < OFFICERS_MIN",
        new="",
        held_by=("tests/unit/formats/test_approval.py::test_a_list_of_officers_that_is_none_is_malformed",),
    ),
    Safeguard(
        name="one person is one officer",
        row="75",
        file="emla/formats/approval.py",
        old="if len(distinct) != len(officers.officers) or",
        new="if",
        held_by=("tests/unit/formats/test_approval.py::test_a_list_of_officers_that_is_none_is_malformed",),
    ),
    Safeguard(
        name="a weak or twisted key is no key",
        row="5",
        file="emla/formats/documents.py",
        old="    if not _VALID[alg](public):",
        new="    if False:",
        held_by=(
            "tests/attacks/test_row_05.py::test_a_weak_key_under_its_right_id_spoils_every_document_that_lists_it",
        ),
    ),
    Safeguard(
        name="a key stands under its own id",
        row="3",
        file="emla/formats/documents.py",
        old="    if kid != key_id(alg, public):",
        new="    if False:",
        held_by=("tests/unit/formats/test_approval.py::test_a_list_of_officers_that_is_none_is_malformed",),
    ),
    Safeguard(
        name="no root key counts twice",
        row="41",
        file="emla/formats/documents.py",
        old="if len({key.kid for key in root.keys}) != len(root.keys) or root",
        new="if root",
        held_by=("tests/attacks/test_row_41.py::test_a_root_does_not_list_one_key_twice_to_make_two_of_it",),
    ),
    Safeguard(
        name="a root can be signed",
        row="41",
        file="emla/formats/documents.py",
        old=" or root.threshold > len(root.keys):",
        new=":",
        held_by=(
            "tests/unit/test_vectors.py::test_our_code_says_what_the_vector_says[documents/root-threshold-4]",
        ),
    ),
    Safeguard(
        name="a root lives for two years at most",
        row="43",
        file="emla/formats/documents.py",
        old="_end(members, root.created, root.expires, _ROOT_LIFE_SECONDS_MAX)",
        new="_end(members, 0, 1, _ROOT_LIFE_SECONDS_MAX)",
        held_by=(
            "tests/unit/test_vectors.py::test_our_code_says_what_the_vector_says[documents/root-ends-first]",
        ),
    ),
    Safeguard(
        name="a card lives for 400 days at most",
        row="43",
        file="emla/formats/documents.py",
        old="_end(members, card.created, card.expires, _CARD_LIFE_SECONDS_MAX)",
        new="_end(members, 0, 1, _CARD_LIFE_SECONDS_MAX)",
        held_by=(
            "tests/unit/test_vectors.py::test_our_code_says_what_the_vector_says[documents/card-life-401-days]",
        ),
    ),
    Safeguard(
        name="a card lists a key once",
        row="4",
        file="emla/formats/documents.py",
        old="if len({key.kid for key in card.keys}) != len(card.keys):",
        new="if False:",
        held_by=(
            "tests/unit/test_vectors.py::test_our_code_says_what_the_vector_says[documents/card-key-twice]",
        ),
    ),
    Safeguard(
        name="a key has the suite of its use",
        row="17",
        file="emla/formats/documents.py",
        old="if key.alg != _ALG[use] or",
        new="if",
        held_by=(
            "tests/unit/test_vectors.py::test_our_code_says_what_the_vector_says[documents/card-suite-of-other-use]",
        ),
    ),
    Safeguard(
        name="a ledger is of its authority",
        row="40",
        file="emla/formats/documents.py",
        old='if card.ledger_origin != f"{card.authority}/emla/1/{card.epoch}":',
        new="if False:",
        held_by=(
            "tests/unit/test_vectors.py::test_our_code_says_what_the_vector_says[documents/card-origin-of-other]",
        ),
    ),
    Safeguard(
        name="a key of low order seals nothing",
        row="7",
        file="emla/formats/h1.py",
        old=(
            "    try:\n"
            '        wrap(public, bytes(CEK_BYTES), b"")\n'
            "    except (ValueError, RuntimeError):\n"
            "        return False\n"
            "    return True"
        ),
        new="    return len(public) == PUBLIC_BYTES",
        held_by=("tests/attacks/test_row_07.py::test_a_low_order_point_in_a_key_spoils_the_card",),
    ),
    Safeguard(
        name="a point has one spelling",
        row="7",
        file="emla/formats/h1.py",
        old=(
            '    if int.from_bytes(public[_MLKEM_PUBLIC_BYTES:], "little") >= _FIELD_PRIME:\n'
            "        return False\n"
        ),
        new="",
        held_by=("tests/unit/formats/test_h1.py::test_a_key_nobody_may_seal_to_is_not_valid",),
    ),
    Safeguard(
        name="a low order point in a stanza ends nothing",
        row="7",
        file="emla/formats/h1.py",
        old="        except (InvalidTag, ValueError, RuntimeError):",
        new="        except (ValueError, RuntimeError):",
        held_by=(
            "tests/attacks/test_row_07.py::test_a_low_order_point_in_a_stanza_is_a_stanza_that_does_not_open",
        ),
    ),
    Safeguard(
        name="a stanza is bound to its header",
        row="11",
        file="emla/formats/header.py",
        old=(
            '        "emla/1 header",\n'
            "        VERSION,\n"
            '        "+".join(header.suites),\n'
            "        header.msg,\n"
            "        header.sender,\n"
            "        header.recipient,\n"
            "        header.kid,\n"
            "        header.created,\n"
            "        header.expires,\n"
            "        header.payload.id,\n"
            "        header.payload.sha256,\n"
            "        header.payload.commit,\n"
        ),
        new='        "emla/1 header",\n',
        held_by=(
            "tests/attacks/test_row_11.py::test_a_stanza_of_another_package_to_the_same_key_does_not_open",
        ),
    ),
    Safeguard(
        name="an Ed25519 key of small order is no key",
        row="5",
        file="emla/formats/ed1.py",
        old="len(public) == PUBLIC_BYTES and bool(bindings.crypto_core_ed25519_is_valid_point(public))",
        new="len(public) == PUBLIC_BYTES",
        held_by=(
            "tests/attacks/test_row_05.py::test_a_weak_key_under_its_right_id_spoils_every_document_that_lists_it",
        ),
    ),
    Safeguard(
        name="a signed object has the type asked for",
        row="2",
        file="emla/formats/dsse.py",
        old="    if kind not in expected:",
        new="    if False:",
        held_by=("tests/attacks/test_row_02.py::test_a_header_signed_as_an_acknowledgement_is_no_header",),
    ),
    Safeguard(
        name="the type is signed",
        row="2",
        file="emla/formats/dsse.py",
        old='    kind = payload_type.encode("utf-8")',
        new='    kind = b"emla"',
        held_by=(
            "tests/unit/formats/test_dsse.py::test_the_encoding_that_is_signed_is_that_of_the_dsse_specification",
        ),
    ),
    Safeguard(
        name="nobody signs twice",
        row="41",
        file="emla/formats/dsse.py",
        old="if len({each.kid for each in signatures}) != len(signatures):",
        new="if False:",
        held_by=("tests/unit/test_vectors.py::test_our_code_says_what_the_vector_says[dsse/key-twice]",),
    ),
)
