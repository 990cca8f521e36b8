"""Backups, restored folders, and what lies on a disk that fails or rots.

Rules of the table: `safeguard`.
"""

from tests.ablation.safeguard import Safeguard

_HUB = "tests/integration/test_restored_hub.py"
_BACKUP = "tests/unit/bootstrap/test_backup.py"

ROWS = (
    Safeguard(
        name="a backup's header is bound to its stanza",
        row="86",
        file="emla/formats/backup.py",
        old='return hash_of("emla/1 backup", VERSION, "+".join(SUITES), authority, at, id, kid)',
        new='return hash_of("emla/1 backup", VERSION, "+".join(SUITES))',
        held_by=("tests/unit/formats/test_backup.py::test_the_stanza_opens_under_its_own_header_only",),
    ),
    Safeguard(
        name="a name of the archive leads nowhere else",
        row="21",
        file="emla/formats/archive.py",
        old="if not NAME.fullmatch(member.name) or len(member.name) > NAME_BYTES_MAX:",
        new="if False:",
        held_by=("tests/unit/formats/test_archive.py::test_a_name_that_leads_elsewhere_is_refused",),
    ),
    Safeguard(
        name="the archive has one spelling",
        row="21",
        file="emla/formats/archive.py",
        old="right = number >= 0 and encode_block(member, at) == block",
        new="right = encode_block(member, at) != b''",
        held_by=(
            "tests/unit/formats/test_archive.py::test_a_changed_block_is_refused",
            "tests/unit/formats/test_archive.py::test_a_link_or_a_device_is_refused",
        ),
    ),
    Safeguard(
        name="a damaged copy of a backup is seen without its key",
        row="81",
        file="emla/bootstrap/backup_read.py",
        old="if digest.digest() != expected:",
        new="if False:",
        held_by=(f"{_BACKUP}::test_without_a_key_damage_and_cuts_are_seen",),
    ),
    Safeguard(
        name="the archive's files are those of its list",
        row="81",
        file="emla/bootstrap/backup_read.py",
        old="if digest.digest() != self._list.digest():",
        new="if False:",
        held_by=("tests/unit/test_vectors.py::test_our_code_says_what_the_vector_says[backup/list-other]",),
    ),
    Safeguard(
        name="nothing stands behind the archive's end",
        row="81",
        file="emla/bootstrap/backup_read.py",
        old="if self._plain.exactly(len(archive.END)) != archive.END or self._plain.read(1):",
        new="if False:",
        held_by=(f"{_BACKUP}::test_an_archive_that_is_not_what_it_says_is_refused_and_leaves_nothing",),
    ),
    Safeguard(
        name="a backup is of one instant",
        row="86",
        file="emla/bootstrap/backup_source.py",
        old='                source.execute("BEGIN")\n',
        new="",
        held_by=(f"{_BACKUP}::test_what_the_server_writes_while_the_database_is_copied_is_not_in_it",),
    ),
    Safeguard(
        name="the copy leaves the space that packages need",
        row="80",
        file="emla/bootstrap/backup_source.py",
        old="if usage.free - need < floor:",
        new="if False:",
        held_by=(f"{_BACKUP}::test_a_copy_that_would_take_the_last_space_is_not_begun",),
    ),
    Safeguard(
        name="what locks the keys is read after the keys",
        row="81",
        file="emla/bootstrap/backup_source.py",
        old="key=lambda each: (each.name == _LAST, each.name)",
        new="key=lambda each: each.name",
        held_by=(f"{_BACKUP}::test_the_passphrases_lock_comes_after_what_it_locks",),
    ),
    Safeguard(
        name="a damaged payload does not slip into a backup",
        row="81",
        file="emla/bootstrap/backup_create.py",
        old='return "" if found == sha256 else',
        new='return "" if found else',
        held_by=(
            f"{_BACKUP}::test_a_payload_that_is_gone_or_damaged_is_said_and_left_out_only_when_somebody_insists",
        ),
    ),
    Safeguard(
        name="a backup replaces nothing",
        row="80",
        file="emla/bootstrap/backup_create.py",
        old="    if target.exists():\n",
        new="    if False:\n",
        held_by=(f"{_BACKUP}::test_only_a_backup_key_is_a_recipient_and_nothing_is_replaced",),
    ),
    Safeguard(
        name="a backup is audited before it is put in place",
        row="35",
        file="emla/bootstrap/backup_restore.py",
        old="            if found.problems and not insist:\n",
        new="            if False:\n",
        held_by=(f"{_BACKUP}::test_a_forged_ledger_inside_is_found_and_nothing_is_restored",),
    ),
    Safeguard(
        name="no restored folder is ever without its mark",
        row="36",
        file="emla/bootstrap/backup_restore.py",
        old="key=lambda each: (each.name != MARKER, each.name == _DOCUMENTS)",
        new="key=lambda each: each.name",
        held_by=(f"{_BACKUP}::test_a_restore_that_is_cut_never_leaves_an_authority_without_its_marker",),
    ),
    Safeguard(
        name="a restore goes into an empty folder only",
        row="86",
        file="emla/bootstrap/backup_restore.py",
        old="if data.exists() and (not data.is_dir() or any(each.name != _BUILDING for each in data.iterdir())):",
        new="if False:",
        held_by=(f"{_BACKUP}::test_only_into_an_empty_folder",),
    ),
    Safeguard(
        name="a hub asks its members before it signs",
        row="36",
        file="emla/bootstrap/serve_hub.py",
        old="        await hub.ledger.ask_first(hub.own)\n",
        new="",
        held_by=(
            f"{_HUB}::test_a_hub_that_is_behind_what_its_members_hold_takes_nothing_until_a_new_epoch_begins",
            f"{_HUB}::test_a_restored_hub_waits_for_every_member_and_opens_when_nobody_holds_more",
        ),
    ),
    Safeguard(
        name="a key of backups signs nothing",
        row="75",
        file="emla/keyring/media.py",
        old="    if key.about.use is MediaUse.BACKUP:\n",
        new="    if False:\n",
        held_by=("tests/unit/keyring/test_media.py::test_a_key_of_backups_signs_nothing",),
    ),
    Safeguard(
        name="our own disk's damage is no strike of a package",
        row="81",
        file="emla/flow/line/open.py",
        old="if not await is_whole(self._gateway, row.payload_sha256):",
        new="if False:",
        held_by=(
            "tests/attacks/test_row_81.py::test_a_payload_that_rots_after_acceptance_is_never_blamed_on_its_sender",
        ),
    ),
    Safeguard(
        name="a payload of ours that is cut or gone is seen before it is sent",
        row="81",
        file="emla/flow/line/deliver.py",
        old="if not has_size(payload, row.payload_size):",
        new="if False:",
        held_by=(
            "tests/attacks/test_row_81.py::test_a_payload_of_ours_that_rots_waits_and_goes_when_it_is_back",
        ),
    ),
    Safeguard(
        name="a peer's complaint is held against our own disk first",
        row="81",
        file="emla/flow/line/deliver.py",
        old='if answer.code == "digest-mismatch" and not await is_whole(gateway, row.payload_sha256):',
        new="if False:",
        held_by=("tests/attacks/test_row_81.py::test_a_small_payload_of_ours_that_rots_waits",),
    ),
    Safeguard(
        name="a reader can neither write nor copy the log back",
        row="87",
        file="emla/store/sqlite/schema.py",
        old="?mode=ro",
        new="?mode=rw",
        held_by=(
            "tests/attacks/test_row_87.py::test_every_connection_but_the_writers_can_neither_write_nor_copy_the_log_back",
        ),
    ),
    Safeguard(
        name="the lists' connection can neither write nor copy the log back",
        row="87",
        file="emla/store/sqlite/listings.py",
        old="?mode=ro",
        new="?mode=rw",
        held_by=(
            "tests/attacks/test_row_87.py::test_every_connection_but_the_writers_can_neither_write_nor_copy_the_log_back",
        ),
    ),
    Safeguard(
        name="the log is never copied back in a commit",
        row="87",
        file="emla/store/sqlite/schema.py",
        old='    "wal_autocheckpoint=0",\n    "secure_delete=ON",',
        new='"secure_delete=ON",',
        held_by=(
            "tests/attacks/test_row_87.py::test_the_writer_never_copies_the_log_back_by_itself_in_a_commit",
        ),
    ),
    Safeguard(
        name="a payload is synced before it gets its name",
        row="80",
        file="emla/store/files.py",
        old="            os.fsync(self._file.fileno())\n",
        new="",
        held_by=(
            "tests/attacks/test_row_79.py::test_nothing_acknowledged_is_lost_when_the_power_is_cut_at_a_step[I4-after]",
            "tests/attacks/test_row_80.py::test_a_payload_that_cannot_be_stored_is_not_acknowledged_and_the_rest_goes_on",
        ),
    ),
    Safeguard(
        name="a backup is synced before it gets its name",
        row="80",
        file="emla/bootstrap/backup_create.py",
        old="            os.fsync(descriptor)\n",
        new="",
        held_by=("tests/attacks/test_row_80.py::test_a_backup_is_there_whole_or_not_at_all",),
    ),
    Safeguard(
        name="of a backup that failed nothing is left",
        row="80",
        file="emla/bootstrap/backup_create.py",
        old="            made.unlink(missing_ok=True)\n",
        new="",
        held_by=("tests/attacks/test_row_80.py::test_a_backup_is_there_whole_or_not_at_all",),
    ),
    Safeguard(
        name="a private file is synced before it gets its name",
        row="80",
        file="emla/keyring/private_files.py",
        old="        file.flush()\n        os.fsync(descriptor)\n",
        new="        file.flush()\n",
        held_by=(
            "tests/attacks/test_row_80.py::test_a_key_file_is_there_whole_or_not_at_all",
            "tests/attacks/test_row_80.py::test_a_file_that_is_replaced_is_the_old_one_or_the_new_one",
        ),
    ),
)
