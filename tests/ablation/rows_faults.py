"""What holds when machines fail: power cuts, lost answers, clocks that jump, a second process. Found out by simulated runs.

Rules of the table: `safeguard`.
"""

from tests.ablation.safeguard import Safeguard

_CUT = "tests/attacks/test_row_79.py::test_nothing_acknowledged_is_lost_when_the_power_is_cut_at_a_step"
_NUMBERS = "tests/unit/store/sqlite/test_numbers.py"

_DISK = "tests/simulation/test_storage.py"
_WRITTEN = f"{_DISK}::test_a_file_that_was_written_is_there_and_whole_after_a_power_cut"
_WAL = "tests/unit/store/sqlite/test_wal.py"
ROWS = (
    Safeguard(
        name="a power cut takes nothing that was acknowledged",
        row="79",
        file="emla/store/sqlite/schema.py",
        old='    "synchronous=FULL",',
        new='    "synchronous=NORMAL",',
        held_by=(f"{_CUT}[I4-after]", f"{_CUT}[O6-done-after]"),
    ),
    Safeguard(
        name="a payload's name is on the disk before its row",
        row="79",
        file="emla/store/files.py",
        old="                sync_folder(folder)\n",
        new="                pass\n",
        held_by=(f"{_CUT}[I4-after]",),
    ),
    Safeguard(
        name="the folder of payloads is on the disk before the first of them",
        row="79",
        file="emla/store/files.py",
        old="        sync_folder(data)\n",
        new="",
        held_by=(f"{_DISK}::test_a_blob_that_was_kept_survives_and_one_that_was_not_may_be_short_or_gone",),
    ),
    Safeguard(
        name="the copy of our documents is on the disk before its name",
        row="79",
        file="emla/bootstrap/own.py",
        old="        os.fsync(file.fileno())\n",
        new="",
        held_by=(f"{_WRITTEN}[documents/own.json]",),
    ),
    Safeguard(
        name="the name of a key is on the disk before anybody is told of it",
        row="79",
        file="emla/keyring/private_files.py",
        old="        temporary.unlink(missing_ok=True)\n    sync_folder(path.parent)\n",
        new="        temporary.unlink(missing_ok=True)\n",
        held_by=(f"{_WRITTEN}[keys/new]",),
    ),
    Safeguard(
        name="a file that took another one's place is there after a power cut",
        row="79",
        file="emla/keyring/private_files.py",
        old="_write_beside(path, data).replace(path)\n    sync_folder(path.parent)\n",
        new="_write_beside(path, data).replace(path)\n",
        held_by=(f"{_WRITTEN}[keys/replaced]",),
    ),
    Safeguard(
        name="a payload that goes while it is sent is our own trouble",
        row="81",
        file="emla/flow/line/deliver.py",
        old='if error.code == "payload-damaged":  # it was there a moment ago',
        new="if False:",
        held_by=(
            "tests/attacks/test_row_81.py::test_a_payload_of_ours_that_goes_between_a_look_at_it_and_its_sending_waits",
        ),
    ),
    Safeguard(
        name="a payload that cannot be read on the way is no fault of the line",
        row="81",
        file="emla/transport/payload_body.py",
        old="if unread:  # the call",
        new="if False:  # the call",
        held_by=(
            "tests/unit/transport/test_https.py::test_a_sector_that_cannot_be_read_while_a_payload_is_sent_is_our_own_trouble_too",
        ),
    ),
    Safeguard(
        name="a damaged payload holds back no other return",
        row="81",
        file="emla/flow/channel/settle.py",
        old="if error.code != _DAMAGED:",
        new="if True:",
        held_by=(
            "tests/unit/flow/test_channel.py::test_one_payload_that_is_damaged_holds_back_no_other_return",
        ),
    ),
    Safeguard(
        name="a damaged copy of our documents keeps nobody from starting",
        row="81",
        file="emla/bootstrap/own.py",
        old="decode_export(_published(data / DATABASE) or path.read_bytes())",
        new="decode_export(path.read_bytes())",
        held_by=(
            "tests/attacks/test_row_81.py::test_a_copy_of_our_documents_that_rotted_is_no_reason_not_to_start",
        ),
    ),
    Safeguard(
        name="a clock that is set forward ends no leg",
        row="60",
        file="emla/flow/line/deliver.py",
        old="if leg.expires is not None and gateway.surely_past(leg.expires):",
        new="if leg.expires is not None and gateway.now() >= leg.expires:",
        held_by=(
            "tests/attacks/test_row_60.py::test_a_clock_that_is_set_forward_ends_no_leg_before_its_time",
        ),
    ),
    Safeguard(
        name="a clock that is set forward rejects nothing",
        row="60",
        file="emla/flow/line/accept.py",
        old='if verified.code == "expired" and not gateway.surely_past(header.expires):',
        new="if False:",
        held_by=(
            "tests/attacks/test_row_60.py::test_a_recipient_whose_clock_is_set_forward_rejects_nothing_as_expired",
        ),
    ),
    Safeguard(
        name="what is over is not offered once more",
        row="60",
        file="emla/flow/line/deliver.py",
        old="if leg.expires is not None and gateway.surely_past(leg.expires):",
        new="if False:",
        held_by=(
            "tests/attacks/test_row_60.py::test_what_is_over_is_not_accepted_by_a_recipient_whose_clock_is_slow",
        ),
    ),
    Safeguard(
        name="one process serves a folder",
        row="84",
        file="emla/bootstrap/system.py",
        old="        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)\n",
        new="        fcntl.flock(file, fcntl.LOCK_UN)\n",
        held_by=(
            "tests/attacks/test_row_84.py::test_a_lock_is_taken_once_and_is_free_when_its_holder_is_gone",
        ),
    ),
    Safeguard(
        name="a leg that moved on is not moved again",
        row="84",
        file="emla/store/sqlite/transaction.py",
        old="        if self._execute(sql, values).rowcount != 1:\n",
        new="        if self._execute(sql, values).rowcount < 0:\n",
        held_by=(
            "tests/attacks/test_row_84.py::test_a_leg_that_moved_on_is_not_moved_by_whoever_comes_late",
        ),
    ),
    Safeguard(
        name="a peer that hangs costs no processor",
        row="51",
        file="emla/flow/line/relay.py",
        old="        if self.lanes.active >= window:\n",
        new="        if False:\n",
        held_by=("tests/simulation/test_runs.py::test_a_peer_that_hangs_costs_its_callers_no_processor",),
    ),
    Safeguard(
        name="what was said about a package before it came is found",
        row="uniqueness",
        file="emla/store/sqlite/numbers.py",
        old="            self._execute(_ADOPT_LEG, (number, aid))\n",
        new="            pass\n",
        held_by=(f"{_NUMBERS}::test_what_was_said_about_a_package_before_it_came_belongs_to_it",),
    ),
    Safeguard(
        name="the number of a package that was undone is forgotten",
        row="uniqueness",
        file="emla/store/sqlite/transaction.py",
        old="        self._numbers.forget()\n",
        new="",
        held_by=(f"{_NUMBERS}::test_a_number_of_a_package_that_was_undone_is_forgotten",),
    ),
    Safeguard(
        name="the audit sees what is filed under another package",
        row="uniqueness",
        file="emla/bootstrap/audit.py",
        old="[*_misfiled(connection), *row_problems(",
        new="[*row_problems(",
        held_by=(f"{_NUMBERS}::test_the_audit_says_what_is_filed_under_another_package",),
    ),
    Safeguard(
        name="what an upgrade rewrote is copied back before anybody waits",
        row="migration",
        file="emla/store/sqlite/schema.py",
        old='        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()\n',
        new="        pass\n",
        held_by=(f"{_NUMBERS}::test_a_store_that_was_filled_before_there_were_numbers_is_the_same_after",),
    ),
    Safeguard(
        name="the WAL does not begin anew before what was copied from it is synced",
        row="storage",
        file="emla/store/sqlite/wal.py",
        old='        self._holder.execute("SELECT count(*) FROM migration").fetchone()\n',
        new="",
        held_by=(f"{_DISK}::test_what_was_committed_survives_a_power_cut_at_each_step_of_the_way_back",),
    ),
    Safeguard(
        name="what was copied from the WAL is synced",
        row="storage",
        file="emla/store/sqlite/wal.py",
        old="        self._sync_file()\n",
        new="",
        held_by=(f"{_DISK}::test_what_was_committed_survives_a_power_cut_at_each_step_of_the_way_back",),
    ),
    Safeguard(
        name="commits are synced again when the WAL is copied",
        row="storage",
        file="emla/store/sqlite/wal.py",
        old='            execute("PRAGMA synchronous=FULL").close()\n',
        new="            pass\n",
        held_by=(f"{_WAL}::test_every_commit_is_synced_after_a_copy_as_before_it",),
    ),
    Safeguard(
        name="the WAL stays where the disk did not take what was copied from it",
        row="80",
        file="emla/store/sqlite/wal.py",
        old="        return self._step is not _Step.COPIED",
        new="        return True",
        held_by=(f"{_WAL}::test_a_disk_that_cannot_write_stops_the_store_and_the_wal_stays_whole",),
    ),
    Safeguard(
        name="a disk that cannot take what was copied stops the store",
        row="80",
        file="emla/store/sqlite/writer.py",
        old="        if self._unsynced:",
        new="        if False:",
        held_by=(f"{_WAL}::test_a_disk_that_cannot_write_stops_the_store_and_the_wal_stays_whole",),
    ),
    Safeguard(
        name="what the disk did not take is copied anew, whatever a reader keeps",
        row="80",
        file="emla/store/sqlite/store.py",
        old="    if unsynced.exists():",
        new="    if False:",
        held_by=(
            f"{_WAL}::test_what_the_disk_did_not_take_is_copied_anew_by_the_next_start_and_not_beside_a_reader",
        ),
    ),
    Safeguard(
        name="the WAL is not emptied while the disk takes what was copied",
        row="storage",
        file="emla/store/sqlite/writer.py",
        old="        elif self._between and not self._syncing:",
        new="        elif self._between:",
        held_by=(f"{_WAL}::test_to_empty_the_wal_waits_for_the_disk_and_leaves_no_byte",),
    ),
    Safeguard(
        name="the store is not closed while the disk takes what was copied",
        row="storage",
        file="emla/store/sqlite/writer.py",
        old="        elif not self._syncing:",
        new="        else:",
        held_by=(f"{_WAL}::test_to_close_waits_for_the_disk_and_removes_the_wal",),
    ),
    Safeguard(
        name="no batch begins while the thread has the connection",
        row="storage",
        file="emla/store/sqlite/writer.py",
        old="        self._committing = True\n        self._set_timer(None)\n",
        new="        self._committing = True\n",
        held_by=(
            "tests/unit/store/sqlite/test_writer.py::test_no_batch_begins_while_the_connection_is_worked_on_not_even_when_a_patience_ends",
        ),
    ),
)
