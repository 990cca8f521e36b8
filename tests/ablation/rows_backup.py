"""Backups, restored folders, and what lies on a disk that fails or rots.

Rules of the table: `safeguard`.
"""

from tests.ablation.safeguard import Safeguard

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
        held_by=("tests/unit/test_vectors.py::test_our_code_says_what_the_vector_says",),
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
        name="a restored folder is not started",
        row="36",
        file="emla/bootstrap/serve.py",
        old="    refuse_restored(data)\n",
        new="",
        held_by=("tests/unit/cli/test_backup.py::test_a_restored_folder_is_not_started",),
    ),
    Safeguard(
        name="a key of backups signs nothing",
        row="75",
        file="emla/keyring/media.py",
        old="    if key.about.use is MediaUse.BACKUP:\n",
        new="    if False:\n",
        held_by=("tests/unit/keyring/test_media.py::test_a_key_of_backups_signs_nothing",),
    ),
)
