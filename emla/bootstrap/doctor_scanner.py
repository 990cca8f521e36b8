"""What `emla doctor` says about the malware scanner: whether there is one, and whether it does what it is for.

Rules of this file: as of `doctor`.
"""

from emla.bootstrap.checkup import Check, fail, of_error, ok, warn
from emla.model.errors import EmlaError
from emla.model.scan import ScanVerdict
from emla.model.settings import Role, Settings
from emla.sandbox import landlock
from emla.sandbox.scanners import make_scanner, scan_nothing_bad, scan_test_file

_HOW = "See docs/how-to/scan-attachments.md."


async def examine_scanner(settings: Settings) -> Check:
    """Let the scanner look at a few harmless words, and at the file that every scanner reports."""
    if settings.serve.role == Role.HUB:
        return ok("malware scanner", "a hub opens nothing")
    try:
        scanner = make_scanner(settings.scanner, settings.data)
    except EmlaError as error:
        return of_error("malware scanner", error)
    if scanner is None:
        return warn(
            "malware scanner", "none: attachments are handed over as they came", f"Set one up. {_HOW}"
        )
    harmless = await scan_nothing_bad(scanner)
    if harmless.verdict is ScanVerdict.FAILED:
        return fail("malware scanner", harmless.detail, f"Nothing that peers sent can be opened. {_HOW}")
    if harmless.verdict is not ScanVerdict.CLEAN:
        found = f"it says of a few harmless words: {harmless.verdict} {harmless.detail}"
        return fail("malware scanner", found, f"Look at how it is called. {_HOW}")
    test = await scan_test_file(scanner)
    if test.verdict is not ScanVerdict.INFECTED:
        found = "it does not find the file that every scanner finds (EICAR)"
        return fail("malware scanner", found, f"Its signatures are missing, or it is called wrongly. {_HOW}")
    words = f"{scanner.kind}; it finds the test file ({test.detail})"
    if scanner.kind == "command" and not landlock.version():
        remedy = "Use scanner.clamd, or a kernel with Landlock (Linux 5.13 or newer)."
        return warn("malware scanner", f"{words}; the kernel cannot keep it out of the data folder", remedy)
    return ok("malware scanner", words)
