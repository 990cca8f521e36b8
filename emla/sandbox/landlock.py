"""Landlock: this process, and every program it becomes, reads all files but those of one folder and writes in one place alone.

What stands here is for a program that is not ours and reads hostile bytes: it may not read the keys, and whatever it unpacks
must not come to lie on a disk. Linux 5.13 or newer; where the kernel has no Landlock, nothing happens and `available` says so.

Rules of this file:
- Everything is forbidden that is not allowed: the folder is shut out because of all that stands beside it and its parents only
  the rest is named. A folder that is made later is shut out, too.
- Links are not followed: what they lead to is named by itself, or is not.
"""

import contextlib
import ctypes
import os
import stat
from collections.abc import Iterator
from pathlib import Path

_CREATE, _ADD_RULE, _RESTRICT = 444, 445, 446
"""Numbers of the system calls, the same on every machine."""
_VERSION = 1
_PATH_BENEATH = 1
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR, _REFER, _TRUNCATE = (
    1 << 0,
    1 << 1,
    1 << 2,
    1 << 3,
    1 << 13,
    1 << 14,
)
_ALL = ((1 << 13) - 1, (1 << 14) - 1, (1 << 15) - 1)
"""What versions 1, 2 and 3 know; later ones add devices and the network, which are not forbidden here."""
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_ON_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE
_PR_SET_NO_NEW_PRIVS = 38


class _Ruleset(ctypes.Structure):
    _fields_ = (("handled", ctypes.c_uint64),)


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def version() -> int:
    """Which version the kernel has; 0: none."""
    return max(0, _call(_CREATE, None, 0, _VERSION))


def confine_files(closed: Path, writable: tuple[Path, ...]) -> bool:
    """Shut out one folder, and all writing but in some places, for ever.

    Args:
        closed: the folder that cannot be read.
        writable: folders and devices in which anything may be done.

    Returns:
        Whether it took effect; False where the kernel does not know how.

    Raises:
        OSError: the kernel knows how, and did not do it.
    """
    found = version()
    if not found:
        return False
    handled = _ALL[min(found, len(_ALL)) - 1]
    attributes = _Ruleset(handled)
    rules = _checked(_call(_CREATE, ctypes.byref(attributes), ctypes.sizeof(attributes), 0))
    try:
        for path in _beside(closed.resolve()):
            _allow(rules, path, _READ & handled)
        for path in writable:
            _allow(rules, path, handled)
        _checked(_libc().prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        _checked(_call(_RESTRICT, rules, 0))
    finally:
        os.close(rules)
    return True


def _beside(folder: Path) -> Iterator[Path]:
    """Whatever stands beside a folder and beside each of its parents."""
    for inside in (folder, *folder.parents):
        if inside.parent == inside:
            return
        # Where we may not look at what there is, nothing is allowed.
        with contextlib.suppress(PermissionError), os.scandir(inside.parent) as entries:
            for entry in entries:
                if entry.name != inside.name and not entry.is_symlink():
                    yield Path(entry.path)


def _allow(rules: int, path: Path, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # it went away, or is not for us to look at: nothing is allowed there
    try:
        if not stat.S_ISDIR(os.fstat(place).st_mode):
            rights &= _ON_FILES
        beneath = _Beneath(rights, place)
        _checked(_call(_ADD_RULE, rules, _PATH_BENEATH, ctypes.byref(beneath), 0))
    finally:
        os.close(place)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _call(number: int, *arguments: object) -> int:
    result: int = _libc().syscall(ctypes.c_long(number), *arguments)
    return result


def _checked(result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result
