"""An empty folder in the place of one, for this process and every program it becomes.

Landlock keeps files from being read; whoever knows the path of a socket may connect to it all the same. What is not there cannot
be connected to. Where the kernel gives no namespaces, as in some containers, nothing happens.
"""

import ctypes
import os
from pathlib import Path

_CLONE_NEWNS, _CLONE_NEWUSER = 0x00020000, 0x10000000
_READ_ONLY, _NO_SETUID, _NO_DEVICES, _NO_PROGRAMS = 1, 2, 4, 8
_RECURSIVE, _PRIVATE = 1 << 14, 1 << 18
_FLAGS = _READ_ONLY | _NO_SETUID | _NO_DEVICES | _NO_PROGRAMS


def hide(folder: Path) -> bool:
    """Put an empty folder that nobody may look into in the place of one, for ever; whether it took effect."""
    libc = ctypes.CDLL(None, use_errno=True)
    # With a namespace of users this works without rights, and takes from root what root may do outside.
    if libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNS) and libc.unshare(_CLONE_NEWNS):
        return False
    # Else, where the namespace is root's own, everybody would lose the folder.
    if libc.mount(None, b"/", None, ctypes.c_ulong(_RECURSIVE | _PRIVATE), None):
        return False
    failed: int = libc.mount(
        b"none", os.fsencode(folder.resolve()), b"tmpfs", ctypes.c_ulong(_FLAGS), b"size=4k,mode=0"
    )
    return not failed
