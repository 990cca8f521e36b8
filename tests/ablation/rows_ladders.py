"""The rungs of packages and acknowledgements (docs/spec/ladder.md, docs/spec/acknowledgements.md), and what is taken once.

Rules of the table: `safeguard`.
"""

from tests.ablation.safeguard import Safeguard

ROWS = (
    Safeguard(
        name="a frozen sender is refused",
        row="46, rung 4",
        file="emla/steps/verify_package.py",
        old="    if sender.frozen:",
        new="    if False:",
        held_by=("tests/attacks/test_row_46.py::test_any_one_root_key_freezes_the_authority",),
    ),
    Safeguard(
        name="a package has one signature",
        row="4, rung 5",
        file="emla/steps/verify_package.py",
        old="if len(envelope.signatures) != 1:",
        new="if False:",
        held_by=(
            "tests/unit/test_vectors.py::test_our_code_says_what_the_vector_says[header/two-signatures]",
        ),
    ),
    Safeguard(
        name="a revoked key signs no package",
        row="29, rung 5c",
        file="emla/steps/verify_package.py",
        old="if sender.revoked(kid) and not witnessed(pid):",
        new="if False:",
        held_by=("tests/attacks/test_row_46.py::test_any_one_root_key_takes_a_sign_key_away",),
    ),
    Safeguard(
        name="what was here before stands",
        row="29, rung 5c",
        file="emla/steps/verify_package.py",
        old="if sender.revoked(kid) and not witnessed(pid):",
        new="if sender.revoked(kid):",
        held_by=(
            "tests/attacks/test_row_46.py::test_a_date_before_the_theft_does_not_help_but_a_package_stored_here_stands",
        ),
    ),
    Safeguard(
        name="the key's window covers the package",
        row="29, rung 5",
        file="emla/steps/verify_package.py",
        old="if sender.listed(kid, KeyUse.SIGN, header.created) is None:",
        new="if False:",
        held_by=(
            "tests/unit/test_vectors.py::test_our_code_says_what_the_vector_says[header/key-no-longer-valid]",
        ),
    ),
    Safeguard(
        name="the signature holds",
        row="1, rung 6",
        file="emla/steps/verify_package.py",
        old="if not keys or not dsse.verifies(envelope, kid, keys[0].public):",
        new="if not keys:",
        held_by=(
            "tests/attacks/test_row_03.py::test_naming_the_senders_kid_over_a_foreign_signature_does_not_help",
        ),
    ),
    Safeguard(
        name="addressed to me",
        row="8, rung 8",
        file="emla/steps/verify_package.py",
        old="if header.recipient != addressee.authority:",
        new="if False:",
        held_by=(
            "tests/unit/steps/test_verify_package.py::test_the_first_rung_that_fails_gives_the_answer_whatever_fails_after_it",
        ),
    ),
    Safeguard(
        name="sealed to a live key of mine",
        row="48, rung 8",
        file="emla/steps/verify_package.py",
        old="if header.kid not in addressee.sealing_kids:",
        new="if False:",
        held_by=(
            "tests/unit/steps/test_verify_package.py::test_the_first_rung_that_fails_gives_the_answer_whatever_fails_after_it",
        ),
    ),
    Safeguard(
        name="not from the future",
        row="25, rung 9",
        file="emla/steps/verify_package.py",
        old="if header.created > now + limits.clock_skew_seconds:",
        new="if False:",
        held_by=(
            "tests/unit/steps/test_verify_package.py::test_the_first_rung_that_fails_gives_the_answer_whatever_fails_after_it",
        ),
    ),
    Safeguard(
        name="not expired",
        row="25, rung 9",
        file="emla/steps/verify_package.py",
        old="    if now >= header.expires:",
        new="    if False:",
        held_by=(
            "tests/unit/steps/test_verify_package.py::test_the_first_rung_that_fails_gives_the_answer_whatever_fails_after_it",
        ),
    ),
    Safeguard(
        name="suites that I publish",
        row="17, rung 10",
        file="emla/steps/verify_package.py",
        old="if header.suites != SUITES:",
        new="if False:",
        held_by=(
            "tests/unit/steps/test_verify_package.py::test_the_first_rung_that_fails_gives_the_answer_whatever_fails_after_it",
        ),
    ),
    Safeguard(
        name="no larger than I take",
        row="16, rung 10",
        file="emla/steps/verify_package.py",
        old="if header.payload.size > addressee.payload_bytes_max:",
        new="if False:",
        held_by=(
            "tests/unit/steps/test_verify_package.py::test_the_first_rung_that_fails_gives_the_answer_whatever_fails_after_it",
        ),
    ),
    Safeguard(
        name="entitled to the event",
        row="27, rung A2",
        file="emla/steps/verify_acknowledgement.py",
        old="if acknowledgement.by != issuer.id or not _is_entitled(acknowledgement):",
        new="if acknowledgement.by != issuer.id:",
        held_by=(
            "tests/unit/steps/test_verify_acknowledgement.py::test_each_event_has_one_side_that_may_issue_it",
        ),
    ),
    Safeguard(
        name="an acknowledgement has one signature",
        row="29, rung A3",
        file="emla/steps/verify_acknowledgement.py",
        old="if len(signed.signatures) != 1:",
        new="if False:",
        held_by=(
            "tests/unit/test_vectors.py::test_our_code_says_what_the_vector_says[acknowledgement/two-signatures]",
        ),
    ),
    Safeguard(
        name="signed by the issuer",
        row="28, rung A3",
        file="emla/steps/verify_acknowledgement.py",
        old="if key is None or not dsse.verifies(signed, key.kid, key.public):",
        new="if key is None:",
        held_by=(
            "tests/unit/test_vectors.py::test_our_code_says_what_the_vector_says[acknowledgement/flipped-signature]",
        ),
    ),
    Safeguard(
        name="the proof leads to this acknowledgement",
        row="30, rung A5",
        file="emla/steps/verify_acknowledgement.py",
        old="if not verify_inclusion(leaf, bundle.index, checkpoint.size, bundle.proof, checkpoint.root):",
        new="if False:",
        held_by=(
            "tests/unit/test_vectors.py::test_our_code_says_what_the_vector_says[acknowledgement/proof-empty]",
        ),
    ),
    Safeguard(
        name="only a witness saves what is not believed",
        row="29, rung A5b",
        file="emla/steps/verify_acknowledgement.py",
        old="if revocation and not witnessed",
        new="if False and not witnessed",
        held_by=(
            "tests/attacks/test_row_29.py::test_a_revoked_key_acknowledges_nothing_whatever_date_it_writes",
        ),
    ),
    Safeguard(
        name="a revoked ledger key proves nothing",
        row="29, rung A5b",
        file="emla/steps/verify_acknowledgement.py",
        old='        ("revoked-key", issuer.revoked(ledger.kid)),\n',
        new="",
        held_by=(
            "tests/attacks/test_row_29.py::test_a_revoked_key_acknowledges_nothing_whatever_date_it_writes",
        ),
    ),
    Safeguard(
        name="a revoked sign key signs nothing",
        row="29, rung A5b",
        file="emla/steps/verify_acknowledgement.py",
        old='        ("revoked-key", issuer.revoked(sign.kid)),\n',
        new="",
        held_by=(
            "tests/attacks/test_row_29.py::test_a_revoked_key_acknowledges_nothing_whatever_date_it_writes",
        ),
    ),
    Safeguard(
        name="a frozen issuer is not believed",
        row="29, rung A5b",
        file="emla/steps/verify_acknowledgement.py",
        old='        ("frozen", issuer.freeze),\n',
        new="",
        held_by=("tests/attacks/test_row_29.py::test_a_frozen_authority_acknowledges_nothing_new",),
    ),
    Safeguard(
        name="it is about the package sent",
        row="27, rung A6",
        file="emla/steps/verify_acknowledgement.py",
        old="    if said != sent:",
        new="    if False:",
        held_by=(
            "tests/unit/steps/test_verify_acknowledgement.py::test_without_the_package_signature_and_proof_verify_and_with_another_it_does_not_fit",
        ),
    ),
    Safeguard(
        name="the content key is the one committed to",
        row="12",
        file="emla/steps/unseal.py",
        old="if not hmac.compare_digest(header_form.key_commitment(cek, pbind), header.payload.commit):",
        new="if False:",
        held_by=(
            "tests/attacks/test_row_12.py::test_a_payload_that_opens_under_both_keys_fails_at_the_commitment_before_it_is_opened",
        ),
    ),
    Safeguard(
        name="one payload is delivered once",
        row="48",
        file="emla/flow/line/accept.py",
        old="if conflict.on_payload_only and conflict.payload_sha256 == header.payload.sha256:",
        new="if False:",
        held_by=(
            "tests/integration/test_key_revocation.py::test_a_package_accepted_while_its_successor_is_on_its_way_is_delivered_once",
        ),
    ),
    Safeguard(
        name="the digest is the header's",
        row="10",
        file="emla/flow/line/accept.py",
        old="    if digest != package.header.payload.sha256:",
        new="    if False:",
        held_by=("tests/unit/flow/test_accept.py::test_a_payload_that_is_damaged_or_short_leaves_nothing",),
    ),
    Safeguard(
        name="the same sealed bytes are found under other ids",
        row="48",
        file="emla/store/sqlite/reader.py",
        old='or self._execute(rows.PAYLOAD_HELD, (payload.sha256, sender, b"")).fetchone()',
        new="or None",
        held_by=(
            "tests/unit/flow/test_accept.py::test_the_same_sealed_bytes_under_other_ids_are_taken_once",
        ),
    ),
    Safeguard(
        name="the same sealed bytes are found in one batch",
        row="48",
        file="emla/store/sqlite/transaction.py",
        old="if self._execute(rows.PAYLOAD_HELD, (row.payload_sha256, row.sender, row.pid)).fetchone():",
        new="if False:",
        held_by=(
            "tests/unit/flow/test_accept.py::test_the_same_sealed_bytes_that_come_twice_at_once_are_taken_once",
        ),
    ),
    Safeguard(
        name="nobody has a package refused by sending its bytes first",
        row="48",
        file="emla/store/sqlite/rows.py",
        old="WHERE payload_sha256 = ?1 AND sender = ?2 AND pid <> ?3",
        new="WHERE payload_sha256 = ?1 AND pid <> ?3",
        held_by=(
            "tests/unit/flow/test_accept.py::test_whoever_sends_the_bytes_of_another_first_has_nobody_refused",
        ),
    ),
    Safeguard(
        name="a payload id is received once",
        row="48",
        file="emla/store/sqlite/migrations/0001_line.sql",
        old="CREATE UNIQUE INDEX received_payload",
        new="CREATE INDEX received_payload",
        held_by=(
            "tests/unit/store/sqlite/test_batch.py::test_a_second_package_hits_the_index_that_says_why",
        ),
    ),
    Safeguard(
        name="a package is received once",
        row="22",
        file="emla/store/sqlite/transaction.py",
        old='"INSERT INTO received (pid,',
        new='"INSERT OR REPLACE INTO received (pid,',
        held_by=(
            "tests/unit/store/sqlite/test_batch.py::test_a_second_package_hits_the_index_that_says_why",
        ),
    ),
    Safeguard(
        name="a message id is received once",
        row="23",
        file="emla/store/sqlite/migrations/0001_line.sql",
        old="CREATE UNIQUE INDEX received_msg",
        new="CREATE INDEX received_msg",
        held_by=(
            "tests/unit/store/sqlite/test_batch.py::test_a_second_package_hits_the_index_that_says_why",
        ),
    ),
    Safeguard(
        name="a place in a channel is used once",
        row="24",
        file="emla/store/sqlite/migrations/0001_line.sql",
        old="CREATE UNIQUE INDEX received_place",
        new="CREATE INDEX received_place",
        held_by=(
            "tests/unit/store/sqlite/test_batch.py::test_a_second_package_hits_the_index_that_says_why",
        ),
    ),
    Safeguard(
        name="an event is acknowledged once",
        row="27",
        file="emla/store/sqlite/migrations/0009_numbers.sql",
        old="CREATE UNIQUE INDEX acknowledgement_event",
        new="CREATE INDEX acknowledgement_event",
        held_by=(
            "tests/unit/flow/test_receive_acknowledgement.py::test_a_second_different_one_of_an_event_is_refused_and_the_first_stands",
        ),
    ),
    Safeguard(
        name="an event about a package that is not here is acknowledged once",
        row="27",
        file="emla/store/sqlite/migrations/0009_numbers.sql",
        old="CREATE UNIQUE INDEX acknowledgement_stray ON",
        new="CREATE INDEX acknowledgement_stray ON",
        held_by=(
            "tests/unit/store/sqlite/test_batch.py::test_a_peers_acknowledgement_is_kept_once_and_a_second_one_of_the_event_is_refused",
        ),
    ),
    Safeguard(
        name="commit, then answer",
        row="22",
        file="emla/store/sqlite/writer.py",
        old="        committed = self._loop.run_in_executor(self._thread, self._runner.commit)\n",
        new=(
            "        _deliver(batch, outcomes)\n"
            '        slowly = lambda: __import__("time").sleep(0.1) or self._runner.commit()\n'
            "        committed = self._loop.run_in_executor(self._thread, slowly)\n"
        ),
        held_by=(
            "tests/unit/store/sqlite/test_writer.py::test_an_answer_comes_after_the_commit_and_never_before",
        ),
    ),
    Safeguard(
        name="what is due already is waited for on any event loop",
        row="80",
        file="emla/store/sqlite/writer.py",
        old="due_at < self._timer_at):\n",
        new="due_at < self._timer.when()):\n",
        held_by=(
            "tests/unit/store/sqlite/test_writer.py::test_patience_that_is_over_already_is_kept_on_uvloop_too",
        ),
    ),
    Safeguard(
        name="after a failed commit nothing goes on",
        row="80",
        file="emla/store/sqlite/writer.py",
        old="        self._failed = error\n",
        new="",
        held_by=(
            "tests/unit/store/sqlite/test_writer.py::test_after_a_failure_every_caller_gets_it_and_no_batch_runs",
        ),
    ),
    Safeguard(
        name="a commit is synced to the disk",
        row="79",
        file="emla/store/sqlite/schema.py",
        old='    "synchronous=FULL",',
        new='    "synchronous=OFF",',
        held_by=(
            "tests/unit/store/sqlite/test_schema.py::test_a_commit_is_synced_and_a_reader_cannot_write",
        ),
    ),
    Safeguard(
        name="a message is sent once",
        row="22",
        file="emla/store/sqlite/migrations/0002_keys.sql",
        old="CREATE UNIQUE INDEX sent_message_id",
        new="CREATE INDEX sent_message_id",
        held_by=("tests/unit/store/sqlite/test_batch.py::test_one_message_id_is_sent_once",),
    ),
    Safeguard(
        name="a package is replaced once",
        row="48",
        file="emla/store/sqlite/migrations/0002_keys.sql",
        old="CREATE UNIQUE INDEX sent_replaces",
        new="CREATE INDEX sent_replaces",
        held_by=("tests/unit/store/sqlite/test_batch.py::test_a_package_is_replaced_once",),
    ),
)
