"""`emla ledger`: the tamper-evident record."""

import click

from emla.cli.invocation import common, initialised_data, wants_json
from emla.cli.lazy import Entry, LazyGroup, example_text

ledger = LazyGroup(
    "ledger",
    table={"verify": Entry("ledger:verify", "Recompute the whole ledger from the stored bytes.")},
    text="The tamper-evident record of everything sent, received and acknowledged.",
    example="emla ledger verify",
)


@common
@click.command(epilog=example_text("emla ledger verify"))
def verify() -> None:
    """Recompute the whole ledger from the stored bytes.

    Nothing stored is believed: every hash, root, proof and signature is computed again. Works beside a
    running server. Exit code 6 when something does not add up.
    """
    data = initialised_data()
    from emla.bootstrap.audit import verify_ledger
    from emla.cli import screen
    from emla.cli.wording import count

    report = verify_ledger(data)
    if wants_json():
        screen.emit_json(
            {
                "origin": report.origin,
                "whole": report.whole,
                "leaves": report.leaves,
                "objects": report.objects,
                "erased": report.erased,
                "checkpoints": report.checkpoints,
                "proofs": report.proofs,
                "root": report.root.hex(),
                "problems": report.problems,
            }
        )
    else:
        screen.facts(
            [
                ("Ledger", report.origin),
                ("Leaves", str(report.leaves)),
                ("Objects hashed", str(report.objects)),
                ("Erased objects", str(report.erased)),
                ("Checkpoints", str(report.checkpoints)),
                ("Proofs given to peers", str(report.proofs)),
                ("Root", report.root.hex()),
            ]
        )
        for problem in report.problems:
            screen.say(f"- {problem}", style="red")
        if report.whole:
            screen.say("The ledger is whole.", style="green")
        else:
            found = count(len(report.problems), "problem", "problems")
            screen.note(f"{found}: stop, keep everything as it is, telephone your peers.", style="bold red")
    if not report.whole:
        raise click.exceptions.Exit(_integrity_alarm())


def _integrity_alarm() -> int:
    from emla.model.codes import CODES

    return CODES["ledger-broken"].exit_code
