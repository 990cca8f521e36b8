"""A database that is gone or was put back, beside the file of our own documents.

Rules of the table: `safeguard`.
"""

from tests.ablation.safeguard import Safeguard

_LOST = "tests/unit/bootstrap/test_lost_database.py"

ROWS = (
    Safeguard(
        name="what the file of the own documents shows is held against the database",
        row="36",
        file="emla/bootstrap/channels.py",
        old="            await recall.from_file(copy)\n",
        new="            pass\n",
        held_by=(f"{_LOST}::test_a_database_that_is_gone_closes_the_ledger",),
    ),
    Safeguard(
        name="a checkpoint in our own file that the database has not closes the ledger",
        row="36",
        file="emla/flow/channel/recall_own.py",
        old="        await self._watch.hold_against(shown_in(offered), own.id)\n",
        new="",
        held_by=(f"{_LOST}::test_a_database_that_is_gone_closes_the_ledger",),
    ),
    Safeguard(
        name="a status in our own file that the database has not closes the ledger",
        row="36",
        file="emla/flow/channel/recall_own.py",
        old="            await self._watch.close(BEHIND, own.id, newest.documents.status or newest.documents.card)\n",
        new="",
        held_by=(f"{_LOST}::test_a_status_that_the_database_does_not_know_closes_the_ledger",),
    ),
    Safeguard(
        name="what only our own file holds is not written over",
        row="36",
        file="emla/flow/channel/recall_own.py",
        old="            await self._own.take_back(newest)\n            logger",
        new="            logger",
        held_by=(f"{_LOST}::test_a_database_that_was_put_back_closes_the_ledger",),
    ),
    Safeguard(
        name="the doctor sees a database that is older than the file",
        row="36",
        file="emla/bootstrap/doctor_store.py",
        old="    elif _lags(data, filed):",
        new="    elif False:",
        held_by=(f"{_LOST}::test_the_doctor_fails_on_both",),
    ),
    Safeguard(
        name="no backup of a folder whose database is gone",
        row="36",
        file="emla/bootstrap/backup_create.py",
        old="    if lost and not insist:",
        new="    if False:",
        held_by=(f"{_LOST}::test_no_backup_is_made_of_a_folder_whose_database_is_gone",),
    ),
    Safeguard(
        name="a backup of a folder whose database is gone is not whole",
        row="36",
        file="emla/bootstrap/backup_restore.py",
        old="audit.problems if audit else lost_ledger(folder, authority),",
        new="audit.problems if audit else (),",
        held_by=(f"{_LOST}::test_no_backup_is_made_of_a_folder_whose_database_is_gone",),
    ),
    Safeguard(
        name="the own documents in a backup are no newer than its database",
        row="36",
        file="emla/bootstrap/backup_create.py",
        old="            octets = copy\n",
        new="            pass\n",
        held_by=(
            f"{_LOST}::test_a_status_that_is_signed_while_the_database_is_copied_does_not_make_the_backup_lag",
        ),
    ),
    Safeguard(
        name="what our own file shows is not said to be held elsewhere",
        row="36",
        file="emla/flow/channel/ledger_watch.py",
        old="        if lags or holder != own.id:",
        new="        if True:",
        held_by=(f"{_LOST}::test_a_file_that_lags_or_is_damaged_stops_nothing[as it is]",),
    ),
)
