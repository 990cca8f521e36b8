"""The audit of rows: that they are here, and say what the signed bytes beside them say.

Rules of the table: `safeguard`.
"""

from tests.ablation.safeguard import Safeguard

_ROWS = "tests/unit/bootstrap/test_audit_rows.py"
_CHANGED = f"{_ROWS}::test_whatever_row_is_changed_the_audit_says_so"

ROWS = (
    Safeguard(
        name="the audit lets SQLite look at its own pages",
        row="81",
        file="emla/bootstrap/audit_rows.py",
        old='    for (found,) in connection.execute(f"PRAGMA integrity_check({_DAMAGES_MAX})"):',
        new="    for (found,) in ():",
        held_by=(f"{_ROWS}::test_an_index_that_rotted_is_named_here_and_in_a_backup",),
    ),
    Safeguard(
        name="the audit follows references of rows",
        row="81",
        file="emla/bootstrap/audit_rows.py",
        old='enumerate(connection.execute("PRAGMA foreign_key_check")):',
        new="enumerate(()):",
        held_by=(f"{_CHANGED}[jp.moj-DELETE FROM legal_act]",),
    ),
    Safeguard(
        name="the audit misses a payload that no row names",
        row="81",
        file="emla/bootstrap/audit_rows.py",
        old="    _payload_rows,\n",
        new="",
        held_by=(f"{_CHANGED}[jp.moj-DELETE FROM payload]",),
    ),
    Safeguard(
        name="the audit misses a record",
        row="81",
        file="emla/bootstrap/audit_rows.py",
        old="    _records,\n",
        new="",
        held_by=(f"{_CHANGED}[jp.moj-DELETE FROM record]",),
    ),
    Safeguard(
        name="the audit holds what was sent against its header",
        row="81",
        file="emla/bootstrap/audit_rows.py",
        old="    _sent_columns,\n",
        new="",
        held_by=(f"{_CHANGED}[at.moj-UPDATE sent SET seq = seq + 7]",),
    ),
    Safeguard(
        name="the audit holds what was received against its header",
        row="81",
        file="emla/bootstrap/audit_rows.py",
        old="    _received_columns,\n",
        new="",
        held_by=(f"{_CHANGED}[jp.moj-UPDATE received SET seq = seq + 7]",),
    ),
    Safeguard(
        name="the audit holds the row of an acknowledgement against its bytes",
        row="81",
        file="emla/bootstrap/audit_rows.py",
        old="    _acknowledgement_columns,\n",
        new="",
        held_by=(f"{_CHANGED}[at.moj-UPDATE acknowledgement SET at = 1]",),
    ),
    Safeguard(
        name="the audit holds the row of an event against its bytes",
        row="81",
        file="emla/bootstrap/audit_rows.py",
        old="    _event_columns,\n",
        new="",
        held_by=(f"{_ROWS}::test_an_event_that_is_filed_as_another_is_named",),
    ),
    Safeguard(
        name="the audit holds the instant of an acceptance against what was said",
        row="81",
        file="emla/bootstrap/audit_rows.py",
        old="    _accepted_when,\n",
        new="",
        held_by=(f"{_CHANGED}[jp.moj-UPDATE received SET accepted_at = 1]",),
    ),
    Safeguard(
        name="the audit holds a leg against what was acknowledged",
        row="81",
        file="emla/bootstrap/audit_rows.py",
        old="    _legs,\n",
        new="",
        held_by=(f"{_CHANGED}[at.moj-UPDATE leg SET state = 'EXPIRED']",),
    ),
    Safeguard(
        name="the audit holds the inbox against what was acknowledged",
        row="81",
        file="emla/bootstrap/audit_rows.py",
        old="    _inbox,\n",
        new="",
        held_by=(f"{_CHANGED}[jp.moj-UPDATE inbox SET state = 'HANDED']",),
    ),
    Safeguard(
        name="the audit holds a channel against its last number",
        row="81",
        file="emla/bootstrap/audit_rows.py",
        old="    _channels,\n",
        new="",
        held_by=(f"{_CHANGED}[at.moj-DELETE FROM channel]",),
    ),
    Safeguard(
        name="a database that the audit cannot read is no bug",
        row="81",
        file="emla/bootstrap/audit.py",
        old="    except sqlite3.DatabaseError as error:",
        new="    except ZeroDivisionError as error:",
        held_by=(f"{_ROWS}::test_a_database_that_cannot_be_read_is_no_bug",),
    ),
)
