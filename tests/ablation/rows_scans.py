"""The malware scanner: what is not clean stays here, the program that scans gets nothing of ours, and people decide.

Rules of the table: `safeguard`.
"""

from tests.ablation.safeguard import Safeguard

_SCAN = "emla/flow/line/scan.py"
_COMMAND = "emla/sandbox/scan_command.py"
_CHILD = "emla/sandbox/scan_child.py"
_FLOW = "tests/unit/flow/test_scans.py"
_PROGRAMS = "tests/unit/sandbox/test_scanners.py"

ROWS = (
    Safeguard(
        name="a peer's part is scanned before it is handed over",
        row="issue 6.4",
        file="emla/flow/line/hand_over.py",
        old="if part.received is not None and self._scans is not None:",
        new="if False:",
        held_by=(f"{_FLOW}::test_what_is_infected_stays_here_with_one_leaf_and_the_rest_opens",),
    ),
    Safeguard(
        name="a finding stays when the scanner is turned off",
        row="issue 6.4",
        file=_SCAN,
        old="if self._scanner is None and (known is None or known.scan.verdict is not ScanVerdict.INFECTED):",
        new="if self._scanner is None:",
        held_by=(f"{_FLOW}::test_a_finding_is_taken_back_by_a_scan_alone",),
    ),
    Safeguard(
        name="a finding stays when the scanner fails",
        row="issue 6.4",
        file=_SCAN,
        old="if before is not None and before.scan.verdict is ScanVerdict.INFECTED and not scan.looked:",
        new="if False:",
        held_by=(f"{_FLOW}::test_a_finding_is_taken_back_by_a_scan_alone",),
    ),
    Safeguard(
        name="the rule about large parts lets no failure out",
        row="issue 6.4",
        file=_SCAN,
        old='if scan.verdict is ScanVerdict.TOO_LARGE and self._gateway.settings.scanner.too_large == "allow":',
        new='if self._gateway.settings.scanner.too_large == "allow":',
        held_by=(f"{_FLOW}::test_the_rule_about_what_is_too_large_lets_nothing_else_out",),
    ),
    Safeguard(
        name="a scan is old after its hours",
        row="issue 6.4",
        file="emla/model/scan.py",
        old="and 0 <= now - self.scan.at < seconds",
        new="",
        held_by=(f"{_FLOW}::test_what_is_clean_is_scanned_once_and_again_when_the_scanner_may_know_more",),
    ),
    Safeguard(
        name="a release is for one finding",
        row="issue 6.4",
        file="emla/model/scan.py",
        old="return self.verdict is scan.verdict and (",
        new="return True or (",
        held_by=(
            f"{_FLOW}::test_a_release_is_for_what_was_found_and_not_for_what_is_found_later",
            f"{_FLOW}::test_a_release_of_what_nobody_looked_at_covers_no_malware",
        ),
    ),
    Safeguard(
        name="what is released is what was seen",
        row="issue 6.4",
        file=_SCAN,
        old="if scan.verdict is not seen:",
        new="if False:",
        held_by=(f"{_FLOW}::test_nothing_is_released_that_was_not_seen_so_or_is_not_kept_back",),
    ),
    Safeguard(
        name="a part is scanned once for all who ask",
        row="issue 6.4",
        file=_SCAN,
        old="task = self._under_way.get(key)",
        new="task = None",
        held_by=(f"{_FLOW}::test_many_who_ask_for_a_part_wait_for_one_scan_and_who_leaves_does_not_end_it",),
    ),
    Safeguard(
        name="only so many scans at once",
        row="issue 6.4",
        file=_SCAN,
        old="asyncio.Semaphore(gateway.settings.scanner.at_once)",
        new="asyncio.Semaphore(99)",
        held_by=(f"{_FLOW}::test_only_so_many_parts_are_scanned_at_once",),
    ),
    Safeguard(
        name="clean is one answer of the daemon's",
        row="issue 6.4",
        file="emla/sandbox/scan_clamd.py",
        old='if words == "stream: OK":',
        new='if "OK" in words:',
        held_by=(f"{_PROGRAMS}::test_only_the_one_answer_is_clean",),
    ),
    Safeguard(
        name="a program that left bytes unread has failed",
        row="issue 6.4",
        file=_COMMAND,
        old="if ended.left:",
        new="if False:",
        held_by=(f"{_PROGRAMS}::test_a_program_that_does_not_do_its_work_is_no_clean_part",),
    ),
    Safeguard(
        name="a program is ended with its group",
        row="issue 6.4",
        file=_COMMAND,
        old="os.killpg(self._process.pid, signal.SIGKILL)",
        new="self._process.kill()",
        held_by=(f"{_PROGRAMS}::test_a_program_that_hangs_is_ended_with_what_it_started",),
    ),
    Safeguard(
        name="a program inherits no environment",
        row="issue 6.4",
        file=_CHILD,
        old="os.execve(command[0], command, environment)",
        new='os.execve(command[0], command, environment | {"EMLA_DATA": folder})',
        held_by=(f"{_PROGRAMS}::test_a_program_gets_nothing_of_ours",),
    ),
    Safeguard(
        name="a program reads no file of the data folder",
        row="issue 6.4",
        file=_CHILD,
        old="confine_files(Path(folder), (Path(place), *_DEVICES))",
        new="pass",
        held_by=(f"{_PROGRAMS}::test_a_program_cannot_read_the_data_folder_or_write_to_a_disk",),
    ),
    Safeguard(
        name="a program reaches no socket of the data folder",
        row="issue 6.4",
        file=_CHILD,
        old="hide(Path(folder))",
        new="pass",
        held_by=(f"{_PROGRAMS}::test_a_program_reaches_no_socket_in_the_data_folder",),
    ),
    Safeguard(
        name="links lead nowhere",
        row="issue 6.4",
        file="emla/sandbox/landlock.py",
        old="if entry.name != inside.name and not entry.is_symlink():",
        new="if entry.name != inside.name:",
        held_by=(
            "tests/unit/sandbox/test_landlock.py::test_a_folder_is_shut_by_every_way_and_all_beside_it_is_read",
        ),
    ),
    Safeguard(
        name="what a killed gateway's scan left is swept",
        row="issue 6.4",
        file=_COMMAND,
        old="shutil.rmtree(each, ignore_errors=True)",
        new="pass",
        held_by=(f"{_PROGRAMS}::test_what_a_program_unpacks_goes_away_with_it",),
    ),
    Safeguard(
        name="a name is kept in letters of a list",
        row="issue 6.4",
        file="emla/model/scan.py",
        old='_FOREIGN.sub("_", said.strip())',
        new="said.strip()",
        held_by=(f"{_PROGRAMS}::test_a_name_is_kept_in_letters_of_the_list_alone",),
    ),
    Safeguard(
        name="what was erased meanwhile is not handed over",
        row="issue 6.5",
        file="emla/flow/line/hand_over.py",
        old="await self._require_readable(part.content.manifest, pid, number, caller)",
        new="pass",
        held_by=(f"{_FLOW}::test_what_is_erased_leaves_no_scan_and_none_that_ends_later_is_kept",),
    ),
    Safeguard(
        name="no scan of what was erased meanwhile is kept",
        row="issue 6.5",
        file="emla/store/sqlite/scan_rows.py",
        old="INSERT INTO scan SELECT id, ?2, ?3, ?4, ?5 {_OF_KEPT}",
        new="INSERT INTO scan SELECT id, ?2, ?3, ?4, ?5 FROM received WHERE pid = ?1",
        held_by=(f"{_FLOW}::test_what_is_erased_leaves_no_scan_and_none_that_ends_later_is_kept",),
    ),
    Safeguard(
        name="a scan that ends behind an order about the content alone is not kept",
        row="issue 6.5",
        file="emla/store/sqlite/numbers.py",
        old='    " AND NOT EXISTS (SELECT 1 FROM erased_content c WHERE c.package = {number})"\n',
        new="",
        held_by=(f"{_FLOW}::test_what_is_erased_leaves_no_scan_and_none_that_ends_later_is_kept[content]",),
    ),
    Safeguard(
        name="no release of what was erased meanwhile is kept",
        row="issue 6.5",
        file="emla/store/sqlite/scan_rows.py",
        old="SELECT id, ?2, ?3, ?4, ?5, ?6 {_OF_KEPT}",
        new="SELECT id, ?2, ?3, ?4, ?5, ?6 FROM received WHERE pid = ?1",
        held_by=(f"{_FLOW}::test_a_release_of_what_is_erased_meanwhile_leaves_nothing",),
    ),
    Safeguard(
        name="nobody says why a part is released that was erased meanwhile",
        row="issue 6.5",
        file="emla/flow/line/scan.py",
        old="            if is_kept:",
        new="            if True:",
        held_by=(f"{_FLOW}::test_a_release_of_what_is_erased_meanwhile_leaves_nothing",),
    ),
)
