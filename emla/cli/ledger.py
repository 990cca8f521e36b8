"""`emla ledger`: the tamper-evident record."""

import click

from emla.cli.invocation import common, initialised_data, wants_json
from emla.cli.lazy import Entry, LazyGroup, example_text

ledger = LazyGroup(
    "ledger",
    table={
        "recover": Entry("ledger_recover:recover", "Propose the card that begins a new epoch of the ledger."),
        "show": Entry("ledger_show:show", "Show how the ledger stands, and what peers hold of it."),
        "verify": Entry("ledger:verify", "Recompute the whole ledger from the stored bytes."),
        "without": Entry("ledger_show:without", "Go on without a peer that cannot be asked."),
    },
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

    found = verify_ledger(data)
    report = found.ledger
    if wants_json():
        screen.emit_json(
            {
                "origin": report.origin,
                "whole": found.whole,
                "leaves": report.leaves,
                "objects": report.objects,
                "erased": found.erased,
                "checkpoints": report.checkpoints,
                "proofs": report.proofs,
                "root": report.root.hex(),
                "acknowledgements": found.acknowledgements,
                "payloads": found.payloads,
                "former": [
                    {"origin": each.origin, "leaves": each.leaves, "root": each.root.hex()}
                    for each in found.former
                ],
                "problems": found.problems,
            }
        )
    else:
        for former in found.former:
            screen.facts(
                [
                    ("Former ledger", former.origin),
                    ("Leaves", str(former.leaves)),
                    ("Checkpoints", str(former.checkpoints)),
                    ("Root", former.root.hex()),
                ]
            )
        screen.facts(
            [
                ("Ledger", report.origin),
                ("Leaves", str(report.leaves)),
                ("Objects hashed", str(report.objects)),
                ("Erased packages", str(found.erased)),
                ("Checkpoints", str(report.checkpoints)),
                ("Proofs given to peers", str(report.proofs)),
                ("Acknowledgements verified", str(found.acknowledgements)),
                ("Payloads hashed", str(found.payloads)),
                ("Root", report.root.hex()),
            ]
        )
        for problem in found.problems:
            screen.say(f"- {problem}", style="red")
        if found.whole:
            screen.say("The ledger is whole.", style="green")
        else:
            how_many = count(len(found.problems), "problem", "problems")
            screen.note(
                f"{how_many}: stop, keep everything as it is, telephone your peers.", style="bold red"
            )
    if not found.whole:
        raise click.exceptions.Exit(_integrity_alarm())


def _integrity_alarm() -> int:
    from emla.model.codes import CODES

    return CODES["ledger-broken"].exit_code
