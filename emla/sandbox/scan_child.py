"""Becomes the ministry's scanner. Started as ``python -m emla.sandbox.scan_child FOLDER PLACE PROGRAM ARGUMENT...``.

The scanner is not ours and not in our sandbox, but it reads hostile bytes as our user: so before it begins, this process gives
up what no scanner needs. FOLDER is not there for it, twice over; PLACE, on a file system in memory, is the only one in
which files can be made.
"""

import ctypes
import os
import resource
import signal
import sys
from pathlib import Path

from emla.sandbox.hide import hide
from emla.sandbox.landlock import confine_files

CANNOT_START = 126
BEGUN = b"\0"
"""The last word of this process: all that follows is the scanner's own."""
_POLITE = 10
_PR_SET_PDEATHSIG = 1
_DEVICES = (Path("/dev/null"),)


def main() -> None:
    """Confine this process, and become the scanner."""
    folder, place, *command = sys.argv[1:]
    environment = {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "LC_ALL": "C.UTF-8",
        "HOME": place,
        "TMPDIR": place,
    }
    try:
        os.chdir("/")
        os.nice(_POLITE)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        hide(Path(folder))
        # After the namespaces: a change of credentials forgets it.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        confine_files(Path(folder), (Path(place), *_DEVICES))
        os.write(1, BEGUN)
        os.execve(command[0], command, environment)  # noqa: S606 (the operator's own setting, and no shell)
    except OSError:
        os._exit(CANNOT_START)


if __name__ == "__main__":
    main()
