"""No rule is quadratic: a document as large as the pre-pass lets through is judged in steps that grow with its size alone."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
CPU_SECONDS = 20
"""A check that compared every reference with every attachment would take minutes."""
JUDGE = """
import resource, sys
resource.setrlimit(resource.RLIMIT_CPU, (int(sys.argv[1]),) * 2)
from lxml import etree
from emla.formats.schema import Schemas
from emla.formats.xml import XmlDocument, parse_xml
from emla.model.limits import XmlLimits
from emla.model.terms import RECEIVING
from emla.rules.context import Context
from emla.rules.table import check
from emla.formats.message import read_message
from pathlib import Path
from tests.support.sample_case import s01
schemas = Schemas(Path("schemas"))
count = 0
for body in (
    "".join(f"<Person><PersonId>P{n}</PersonId><PersonRole>ACCUSED</PersonRole><Natural/></Person>" for n in range(1300))
    + "".join(
        "<Measure><MeasureType>HEARING_VIDEO</MeasureType><HearingBlock>"
        + "".join(f"<PersonRef>P{n * 100 + m}</PersonRef>" for m in range(100))
        + "</HearingBlock><JudicialAuthorisationRef>A9</JudicialAuthorisationRef></Measure>"
        for n in range(1300)
    ),
    "".join(f"<Attachment><AttachmentId>A{n}</AttachmentId></Attachment>" for n in range(1300))
    + "".join(f"<Offence><ProvisionTextAttachment>A{n}</ProvisionTextAttachment></Offence>" for n in range(1300))
    + "<Measure><Coercive>true</Coercive></Measure>" * 1300,
    "<Measure><ElectronicDataBlock>" + "<Identifier><IdentifierType>IMEI</IdentifierType></Identifier>" * 4000
    + "</ElectronicDataBlock></Measure>" + "<Measure><ElectronicDataBlock>"
    + "<Identifier><IdentifierType>IPV4</IdentifierType></Identifier>" * 4000 + "</ElectronicDataBlock></Measure>",
):
    text = f'<r:MLARequest xmlns:r="urn:emla:request:1" xmlns="urn:emla:common:1">{body}</r:MLARequest>'
    document = parse_xml(text.encode(), XmlLimits())
    count += len(schemas.rules.check(document))
    message = read_message(parse_xml(s01(), XmlLimits()))
    count += len(tuple(check(Context(document=document, message=message, terms=RECEIVING))))
print(count)
"""


def test_the_largest_documents_are_judged_within_the_processor_time_of_one_message() -> None:
    run = subprocess.run(
        [sys.executable, "-c", JUDGE, str(CPU_SECONDS)], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert run.returncode == 0, run.stderr[-800:]
    assert int(run.stdout) > 1000
