"""What the process asks of its machine."""

import subprocess
import sys

HOLES = """
import sys
from emla.bootstrap.system import give_large_blocks_back
def resident():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmRSS")).split()[1])
if sys.argv[1] == "asked":
    give_large_blocks_back()
bytearray(256 * 1024)  # the first large block that is freed is what glibc learns from
before, blocks, small = resident(), [], []
for number in range(400):  # connections that come, each with something small that stays
    blocks.append(bytearray(256 * 1024))
    small.append(bytes(2000))
blocks.clear()
print(resident() - before)
"""


def kibibytes_kept(how: str) -> int:
    out = subprocess.run([sys.executable, "-c", HOLES, how], capture_output=True, text=True, check=True)
    return int(out.stdout)


def test_large_blocks_that_are_freed_leave_no_holes() -> None:
    assert kibibytes_kept("asked") < 8 * 1024
