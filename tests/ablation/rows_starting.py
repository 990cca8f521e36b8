"""A start: what it tidies up, what it reads first, and what it leaves for whoever comes after it.

Rules of the table: `safeguard`.
"""

from tests.ablation.safeguard import Safeguard

_FILES = "tests/unit/store/test_files.py"
_MEANWHILE = "tests/unit/bootstrap/test_backup_meanwhile.py"
_OWN_KEYS = "tests/unit/bootstrap/test_own_keys.py"
_STARTING = "tests/unit/bootstrap/test_starting.py"
_WRONG = f"{_STARTING}::test_a_start_beside_the_wrong_database_takes_no_payload_that_was_acknowledged"
_WAL = "tests/unit/store/sqlite/test_wal.py"

ROWS = (
    Safeguard(
        name="a start removes no payload that its database does not name",
        row="storage",
        file="emla/store/files.py",
        old="                    self._move(path, self._aside / path.name, moved)\n",
        new="                    path.unlink()\n",
        held_by=(
            f"{_WRONG}[older]",
            f"{_WRONG}[none]",
        ),
    ),
    Safeguard(
        name="a payload that was put aside comes back with its database",
        row="storage",
        file="emla/store/files.py",
        old="                self._move(path, blob_path(self._folder, sha256), moved)\n",
        new="                pass\n",
        held_by=(
            f"{_WRONG}[older]",
            f"{_FILES}::test_what_the_wrong_database_does_not_name_comes_back_with_the_right_one",
        ),
    ),
    Safeguard(
        name="the days aside begin when a payload is put aside",
        row="storage",
        file="emla/store/files.py",
        old="            os.utime(path)\n",
        new="",
        held_by=(f"{_FILES}::test_what_the_wrong_database_does_not_name_comes_back_with_the_right_one",),
    ),
    Safeguard(
        name="what was erased is not put aside",
        row="erasure",
        file="emla/store/files.py",
        old="                if is_erased(sha256):\n",
        new="                if False:\n",
        held_by=(f"{_FILES}::test_what_was_erased_goes_at_once_wherever_it_lies",),
    ),
    Safeguard(
        name="what was erased does not stay aside",
        row="erasure",
        file="emla/store/files.py",
        old="elif is_erased(sha256) or self._is_older(",
        new="elif self._is_older(",
        held_by=(f"{_FILES}::test_what_was_erased_goes_at_once_wherever_it_lies",),
    ),
    Safeguard(
        name="an erasure finds a file where it was put aside",
        row="erasure",
        file="emla/store/files.py",
        old="(blob_path(self._folder, sha256), self._aside / sha256.hex())",
        new="(blob_path(self._folder, sha256),)",
        held_by=(f"{_FILES}::test_what_was_erased_goes_at_once_wherever_it_lies",),
    ),
    Safeguard(
        name="what a disk says of one path ends no start",
        row="80",
        file="emla/store/files.py",
        old="        return isinstance(error, OSError)\n",
        new="        return False\n",
        held_by=(f"{_FILES}::test_what_a_disk_says_of_one_path_does_not_end_the_sweep",),
    ),
    Safeguard(
        name="a start takes no database out of a backup",
        row="81",
        file="emla/bootstrap/backup_source.py",
        old="        if is_ours:\n",
        new="        if True:\n",
        held_by=(f"{_MEANWHILE}::test_a_server_that_starts_takes_no_database_out_of_a_backup[before]",),
    ),
    Safeguard(
        name="a copy that is cut short is no backup",
        row="81",
        file="emla/bootstrap/backup_source.py",
        old="    if found != pages * size:\n",
        new="    if False:\n",
        held_by=(f"{_MEANWHILE}::test_a_copy_that_is_cut_short_is_no_backup",),
    ),
    Safeguard(
        name="a start whose disk fails leaves word for the next one",
        row="80",
        file="emla/store/sqlite/store.py",
        old="            _sync(file, unsynced)\n",
        new="            os.fsync(file.fileno())\n",
        held_by=(f"{_WAL}::test_a_start_whose_disk_fails_leaves_word_for_the_next_one",),
    ),
    Safeguard(
        name="a gateway reads its documents when nobody else can publish any more",
        row="87",
        file="emla/bootstrap/parts.py",
        old=("    stack.enter_context(around.lock(data))\n    authority = own_authority(data)\n"),
        new=("    authority = own_authority(data)\n    stack.enter_context(around.lock(data))\n"),
        held_by=(f"{_STARTING}::test_the_documents_are_read_when_nobody_else_can_publish_any_more[gateway]",),
    ),
    Safeguard(
        name="a hub reads its documents when nobody else can publish any more",
        row="87",
        file="emla/bootstrap/serve_hub.py",
        old=("    stack.enter_context(around.lock(data))\n    authority = own_authority(data)\n"),
        new=("    authority = own_authority(data)\n    stack.enter_context(around.lock(data))\n"),
        held_by=(f"{_STARTING}::test_the_documents_are_read_when_nobody_else_can_publish_any_more[hub]",),
    ),
    Safeguard(
        name="a key that is destroyed is gone under each name",
        row="keys at rest",
        file="emla/keyring/private_files.py",
        old="    _beside(path).unlink(missing_ok=True)\n    path.unlink()\n",
        new="    path.unlink()\n",
        held_by=(f"{_OWN_KEYS}::test_a_key_that_is_destroyed_is_gone_under_each_name",),
    ),
    Safeguard(
        name="what is being written is no second name",
        row="keys at rest",
        file="emla/keyring/private_files.py",
        old="            if path.read_bytes() == temporary.read_bytes():\n",
        new="            if path.exists():\n",
        held_by=(f"{_OWN_KEYS}::test_a_start_removes_second_names_and_nothing_that_is_being_written",),
    ),
    Safeguard(
        name="a gateway that starts leaves a key one name",
        row="keys at rest",
        file="emla/bootstrap/parts.py",
        old="    sweep_second_names(folder.folder)\n",
        new="",
        held_by=(
            f"{_STARTING}::test_a_start_removes_the_second_name_that_a_crash_has_left_of_a_key[gateway]",
        ),
    ),
    Safeguard(
        name="a hub that starts leaves a key one name",
        row="keys at rest",
        file="emla/bootstrap/serve_hub.py",
        old="    sweep_second_names(folder.folder)\n",
        new="",
        held_by=(f"{_STARTING}::test_a_start_removes_the_second_name_that_a_crash_has_left_of_a_key[hub]",),
    ),
)
