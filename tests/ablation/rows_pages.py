"""Pages of messages: what may be hostile is shown, never run, and read by a process that can do nothing else. And the writer: nothing
typed is lost, nothing wrong is written.

Rules of the table: `safeguard`.
"""

from tests.ablation.safeguard import Safeguard

_PRESS = "tests/unit/sandbox/test_press.py"
_TAKEN_OVER = f"{_PRESS}::test_a_press_that_was_taken_over_cannot_hand_out_something_else_nor_without_end"
_THREADS = f"{_PRESS}::test_every_thread_of_the_press_is_confined_and_typst_lays_out_in_one_of_its_own"
_PAGE = "tests/unit/pages/test_page.py"
_TERMINAL = "tests/integration/test_writer_terminal.py"
_NEW = "tests/unit/cli/test_message_new.py"
_LINES = "tests/unit/cli/test_writer_lines.py"
_DRAFTS = "tests/unit/bootstrap/test_drafts.py"

ROWS = (
    Safeguard(
        name="the press is confined before it reads a message",
        row="hostile messages",
        file="emla/sandbox/press_child.py",
        old="_warning(early, confine(order.memory_bytes))\n",
        new="()\n",
        held_by=(f"{_PRESS}::test_when_it_reads_the_document_it_can_open_nothing_any_more",),
    ),
    Safeguard(
        name="a page begins as its format begins",
        row="hostile messages",
        file="emla/sandbox/press.py",
        old="if not page.startswith(_BEGINS[form]):",
        new="if False:",
        held_by=(f"{_TAKEN_OVER}[exec cat {{answer}}-not a page]",),
    ),
    Safeguard(
        name="the press answers within bounds",
        row="hostile messages",
        file="emla/sandbox/once.py",
        old="                if len(kept) > most:\n",
        new="                if len(kept) > 8 * most:\n",
        held_by=(f"{_TAKEN_OVER}[exec head -c 4194304 /dev/zero-too large]",),
    ),
    Safeguard(
        name="a press that hangs is ended",
        row="hostile messages",
        file="emla/sandbox/once.py",
        old="    ends_at = time.monotonic() + seconds\n",
        new="    ends_at = time.monotonic() + seconds + 60\n",
        held_by=(f"{_PRESS}::test_a_press_that_hangs_is_ended",),
    ),
    Safeguard(
        name="the filter of system calls binds every thread",
        row="hostile messages",
        file="emla/sandbox/seccomp.py",
        old="_SECCOMP_FILTER_FLAG_TSYNC = 1, 1\n",
        new="_SECCOMP_FILTER_FLAG_TSYNC = 1, 0\n",
        held_by=(_THREADS,),
    ),
    Safeguard(
        name="no thread of the press has capabilities",
        row="hostile messages",
        file="emla/sandbox/press_child.py",
        old="    early = (leave_the_network(), drop_capabilities())\n",
        new="    early = (leave_the_network(), leave_the_network())\n",
        held_by=(_THREADS,),
    ),
    Safeguard(
        name="a finding on a page hides and turns no text",
        row="hostile messages",
        file="emla/pages/html.py",
        old="visible(words_of(each), exact=True)",
        new="words_of(each)",
        held_by=(f"{_PAGE}::test_a_finding_on_a_page_hides_and_turns_no_text_either",),
    ),
    Safeguard(
        name="a page hides and turns no text",
        row="hostile messages",
        file="emla/pages/words.py",
        old="each if each in kept or unicodedata.category(each) not in _HIDDEN else",
        new="each if kept is not None else",
        held_by=(
            f"{_PAGE}::test_hostile_text_stays_text",
            "tests/unit/pages/test_words.py::test_what_hides_or_turns_text_is_shown_by_its_number",
        ),
    ),
    Safeguard(
        name="a page loads nothing and runs nothing",
        row="hostile messages",
        file="emla/pages/html.py",
        old="default-src 'none'; style-src",
        new="style-src",
        held_by=(f"{_PAGE}::test_the_policy_allows_the_style_sheet_by_its_hash_and_nothing_else",),
    ),
    Safeguard(
        name="text between elements does not vanish from a page",
        row="hostile messages",
        file="emla/pages/page.py",
        old="        if own:\n",
        new="        if False:\n",
        held_by=(f"{_PAGE}::test_text_directly_between_elements_is_shown",),
    ),
    Safeguard(
        name="a page says what the rules find",
        row="right first time",
        file="emla/sandbox/press_child.py",
        old="findings_of(tree, schemas=schemas) if judged else schemas.validate(tree)",
        new="schemas.validate(tree)",
        held_by=(f"{_PRESS}::test_what_the_rules_find_stands_on_the_page_but_not_on_paper_to_be_signed",),
    ),
    Safeguard(
        name="a letter without a font is reported",
        row="hostile messages",
        file="emla/sandbox/typesetter.py",
        old="return _compile(compiler, template, page, standard=True), ()",
        new="return _compile(compiler, template, page, standard=False), ()",
        held_by=(f"{_PRESS}::test_letters_without_a_font_are_reported",),
    ),
    Safeguard(
        name="a page of a message is for its reader alone",
        row="hostile messages",
        file="emla/cli/export_file.py",
        old="0o600 if private else 0o666",
        new="0o666",
        held_by=("tests/unit/cli/test_preview.py::test_a_page_is_written_for_its_reader_alone",),
    ),
    Safeguard(
        name="an answer is on the disk before the next question",
        row="nothing typed is lost",
        file="emla/cli/writer_talk.py",
        old="            self._save(self.answers)\n",
        new="            pass\n",
        held_by=(f"{_TERMINAL}::test_explaining_going_back_leaving_for_later_jumping_and_stopping",),
    ),
    Safeguard(
        name="lines pasted together answer one question or none",
        row="nothing wrong is written",
        file="emla/cli/writer_talk.py",
        old="        if len(lines) > 1 and not _takes_a_text(question):\n",
        new="        if False:\n",
        held_by=(f"{_LINES}::test_a_paste_answers_a_question_for_a_text_and_no_other",),
    ),
    Safeguard(
        name="what is typed before a question does not answer it",
        row="nothing wrong is written",
        file="emla/cli/writer_lines.py",
        old="            if early := _waiting(self._descriptor, 0):\n",
        new="            if early := list[str]():\n",
        held_by=(f"{_LINES}::test_what_came_before_the_question_does_not_answer_it",),
    ),
    Safeguard(
        name="a line that the terminal may have cut is not taken",
        row="nothing typed is lost",
        file="emla/cli/writer_lines.py",
        old=">= LINE_BYTES_MAX for each",
        new=">= 2**30 for each",
        held_by=(f"{_LINES}::test_a_line_that_the_terminal_may_have_cut_is_not_taken",),
    ),
    Safeguard(
        name="a question moves no cursor",
        row="hostile peers",
        file="emla/cli/writer_lines.py",
        old="self._prompt(plain(words))",
        new="self._prompt(words)",
        held_by=(f"{_LINES}::test_what_a_peer_says_of_itself_moves_no_cursor_in_a_question",),
    ),
    Safeguard(
        name="no draft is kept where others can write",
        row="nothing typed is lost",
        file="emla/bootstrap/drafts.py",
        old="        if status.st_uid != os.geteuid() or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):\n",
        new="        if status is None:\n",
        held_by=(
            f"{_DRAFTS}::test_a_folder_that_others_can_write_to_is_refused[504]",
            f"{_DRAFTS}::test_a_folder_prepared_by_another_user_is_refused",
        ),
    ),
    Safeguard(
        name="a draft is written by one writer at a time",
        row="nothing typed is lost",
        file="emla/bootstrap/drafts.py",
        old="            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)\n",
        new="            pass\n",
        held_by=(f"{_DRAFTS}::test_one_writer_at_a_time",),
    ),
    Safeguard(
        name="the request's folder appears whole or not at all",
        row="nothing half-written",
        file="emla/cli/writer_finish.py",
        old="    finally:\n        shutil.rmtree(making, ignore_errors=True)\n",
        new="    finally:\n        pass\n",
        held_by=(
            "tests/unit/cli/test_message_new.py::test_a_request_that_cannot_be_printed_leaves_no_folder",
        ),
    ),
    Safeguard(
        name="the request's files are on the disk before their folder appears",
        row="nothing half-written",
        file="emla/cli/export_file.py",
        old="            os.fsync(file.fileno())\n",
        new="            file.fileno()\n",
        held_by=(f"{_NEW}::test_every_byte_of_the_folder_is_on_the_disk_before_the_folder_bears_its_name",),
    ),
    Safeguard(
        name="a member of the answers that nobody asks for is refused",
        row="no fact is dropped",
        file="emla/writing/from_file.py",
        old="return answers, findings + _unused(interview, answers, given, used)",
        new="return answers, findings",
        held_by=(
            "tests/unit/cli/test_message_new.py::test_everything_that_is_wrong_is_said_at_once_and_nothing_is_written",
        ),
    ),
    Safeguard(
        name="the check digits of an IBAN are checked",
        row="right first time",
        file="emla/writing/accept.py",
        old="if int(digits) % 97 == 1:",
        new="if digits:",
        held_by=("tests/unit/writing/test_accept.py::test_what_will_not_do_is_said_with_what_to_write",),
    ),
)
