"""Row 70: a value against each pattern that would make a backtracking processor take for ever. Bounded by the worker's limit;
the lint of the schemas (`tests/unit/schemas`) refuses such patterns before that.
"""

import re
import subprocess
import sys
from pathlib import Path

from emla.rules import identifiers

ROOT = Path(__file__).resolve().parents[2]
CPU_SECONDS = 20
EVERY_PATTERN = f"""
import resource, sys
resource.setrlimit(resource.RLIMIT_CPU, ({CPU_SECONDS}, {CPU_SECONDS}))
from pathlib import Path
from lxml import etree
XS = "{{http://www.w3.org/2001/XMLSchema}}"
patterns = {{
    str(each.get("value"))
    for path in Path("schemas").glob("[0-9]*/*.xsd")
    for each in etree.parse(path).getroot().iter(XS + "pattern")
}}
count = 0
for pattern in sorted(patterns):
    schema = etree.Element(XS + "schema")
    kind = etree.SubElement(etree.SubElement(schema, XS + "element", name="v"), XS + "simpleType")
    etree.SubElement(etree.SubElement(kind, XS + "restriction", base="xs:string", nsmap={{"xs": XS[1:-1]}}),
                     XS + "pattern", value=pattern)
    compiled = etree.XMLSchema(schema)
    for unit in ("a", "A", "0", ".", "-", "a.", "a-", "0 ", "aA0", "/a"):
        value = etree.Element("v")
        value.text = unit * (100_000 // len(unit)) + "\\u2028"
        assert not compiled.validate(value), pattern
        count += 1
print(count)
"""


def test_hostile_values_are_refused_by_every_pattern_within_the_processor_time_of_one_message() -> None:
    run = subprocess.run(
        [sys.executable, "-c", EVERY_PATTERN], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert run.returncode == 0, run.stderr[-500:]
    assert int(run.stdout) > 100


def test_the_patterns_of_the_rules_repeat_no_unbounded_repetition() -> None:
    patterns = [each.pattern for each in vars(identifiers).values() if isinstance(each, re.Pattern)]
    assert len(patterns) > 4
    for pattern in patterns:
        assert not re.search(r"[*+]", re.sub(r"\[[^\]]*\]|\\.", "c", pattern)), pattern
