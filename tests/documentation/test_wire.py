"""The chapters wire and ping say what the gateway does: examples, paths, media types, and every code a peer can meet."""

import ast
import re
from pathlib import Path

from emla.formats import channel as channel_form
from emla.formats import dsse, header, strict_json
from emla.formats import ping as ping_form
from emla.model.access import AccessKind
from emla.model.codes import CODES
from emla.model.limits import WIRE as WIRE_LIMITS
from emla.model.ping import Ping
from emla.model.signed import PayloadType
from emla.steps import verify_package
from tests.support.vector_files import FOLDER, decode

ROOT = Path(__file__).parents[2]
WIRE = (ROOT / "docs" / "spec" / "wire.md").read_text(encoding="utf-8")
CHANNEL = (ROOT / "docs" / "spec" / "channel.md").read_text(encoding="utf-8")
ACCESSES = (ROOT / "docs" / "spec" / "accesses.md").read_text(encoding="utf-8")
PING = (ROOT / "docs" / "spec" / "ping.md").read_text(encoding="utf-8")
# Where a refusal of the peer API can come from; in a file that also does other things, only the classes and functions named.
ORIGINS: dict[str, tuple[str, ...]] = {
    "flow/line/accept.py": (),
    "steps/verify_status.py": (),
    "flow/channel/exchange.py": ("verify",),
    "flow/gateway.py": ("require_space",),
    "flow/reservations.py": (),
    "flow/channel/ledger_watch.py": (),
    "flow/documents/peers.py": ("_verify",),
    "flow/line/receive_acknowledgement.py": (),
    "flow/channel/take_back.py": (),
    "flow/documents/take_documents.py": ("__call__",),
    "steps/succeed.py": (),
    "steps/trust.py": ("trust_documents", "_verify_chain"),
    "ledger/checkpoint.py": ("decode", "verify", "_malformed"),
    "ledger/note.py": ("decode_note", "verify_signature", "_malformed"),
    "steps/verify_acknowledgement.py": (),
    "steps/verify_package.py": (),
    "store/files.py": ("store_error",),
    "store/sqlite/batch.py": (),
    "store/sqlite/writer.py": (),
    "web/bodies.py": (),
    "web/guard.py": ("middleware", "_admit", "_full"),
    "web/channel_api.py": (),
    "web/peer_accesses.py": (),
    "web/signed.py": (),
    "flow/accesses/give.py": (),
    "steps/verify_call.py": (),
    "web/incoming.py": (),
    "web/peer_api.py": (),
    "web/problems.py": ("problem_middleware",),
}


def codes_in(path: Path, names: tuple[str, ...]) -> set[str]:
    """Every code that a file, or the classes and functions named, spells out."""
    tree: ast.AST = ast.parse(path.read_text(encoding="utf-8"))
    parts: list[ast.AST] = [tree]
    if names:
        parts = [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name in names
        ]
        assert len(parts) == len(names), path
    constants = (node for part in parts for node in ast.walk(part) if isinstance(node, ast.Constant))
    return {node.value for node in constants if isinstance(node.value, str) and node.value in CODES}


def raised() -> set[str]:
    return {code for name, names in ORIGINS.items() for code in codes_in(ROOT / "emla" / name, names)}


def table() -> dict[str, tuple[str, str, str]]:
    """Code -> HTTP status, signed, calls."""
    part = WIRE.split("<!-- codes -->", 1)[1].split("<!-- end of codes -->", 1)[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in part.strip().splitlines()[2:]]
    return {row[0].strip("`"): (row[1], row[2], row[3]) for row in rows}


def test_every_code_a_peer_can_meet_is_in_the_table_and_no_other() -> None:
    assert set(table()) == raised()


def test_each_status_is_the_catalogue_s_and_that_of_a_signed_refusal_is_422() -> None:
    for code, (http, signed, _) in table().items():
        assert int(http) == (CODES[code].http if signed == "no" else 422), code


def test_exactly_the_refusals_that_are_values_are_signed() -> None:
    tree = ast.parse(Path(verify_package.__file__).read_text(encoding="utf-8"))
    refusal = next(
        node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == "_refusal"
    )
    values = {
        node.value.value
        for node in ast.walk(refusal)
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Constant) and node.value.value
    }
    signed = {code for code, (_, how, _) in table().items() if how == "RelayRejection"}
    assert signed == values | {"already-held"}


def test_the_calls_and_media_types_are_those_of_the_gateway() -> None:
    files = ("incoming.py", "peer_api.py", "channel_api.py", "peer_accesses.py")
    api = "".join((ROOT / "emla" / "web" / name).read_text(encoding="utf-8") for name in files)
    routes = re.findall(r'add_(\w+)\("(/emla/1/[^"]+)"', api)
    assert routes
    assert {f"`{method.upper()} {path}`" for method, path in routes} == set(
        re.findall(r"`(?:PUT|GET|POST) /emla/1/[^`]+`", WIRE)
    )
    sent = api + (ROOT / "emla" / "transport" / "https.py").read_text(encoding="utf-8")
    media = set(re.findall(r'"(application/vnd\.emla\.[a-z+]+)"', sent))
    assert media == set(re.findall(r"application/vnd\.emla\.[a-z+]+", WIRE))


def test_the_example_is_the_vector() -> None:
    body = decode("package", "good", (FOLDER / "package" / "good.vector").read_bytes()).body
    length = int.from_bytes(body[:4], "big")
    pid = header.package_id(header.decode_signed(body[4 : 4 + length]).payload)
    name = "good-relayacceptance"
    bundle = decode("acknowledgement", name, (FOLDER / "acknowledgement" / f"{name}.vector").read_bytes())
    for line in (
        f"> PUT /emla/1/packages/{pid.hex()} HTTP/1.1",
        f"> Content-Length: {len(body)}",
        f"> {body[:4].hex()} | {length} bytes of header | {len(body) - 4 - length} bytes of payload",
        f"< Content-Length: {len(bundle.body)}",
    ):
        assert f"{line}\n" in WIRE


def test_the_example_of_an_access_report_is_the_vector() -> None:
    (line,) = re.findall(r"^report +(\{.*\})$", ACCESSES, flags=re.MULTILINE)
    good = decode("accesses", "good", (FOLDER / "accesses" / "good.vector").read_bytes())
    assert dsse.decode(good.body, PayloadType.ACCESSES, WIRE_LIMITS.access_bytes).payload == line.encode()
    assert f"/emla/1/accesses/{good.lines['case']}?epoch=1&first=4 " in ACCESSES
    named = set(re.findall(r"`(\w+)`", " ".join(re.findall(r"^\| (`.+?) \|", ACCESSES, flags=re.MULTILINE))))
    kinds = {each.value for each in AccessKind}
    assert named - {"what", "part", "passed"} == set(
        strict_json.decode(line.encode(), WIRE_LIMITS.access_bytes)
    ) | {"next"}
    assert kinds <= named


def test_the_example_of_a_ping_is_what_the_format_writes() -> None:
    for name, sender, recipient, at in (
        ("ping", "at.moj", "de.bfj", 1790000000),
        ("answer", "de.bfj", "at.moj", 1790000002),
    ):
        ping = Ping(
            sender=sender,
            recipient=recipient,
            at=at,
            nonce=bytes(range(16)),
            software="emla/0.1.0",
            card_version=1,
        )
        assert f"{name:<16}{ping_form.encode(ping).decode()}\n" in PING
    members = strict_json.decode(
        ping_form.encode(
            Ping(sender="at.moj", recipient="de.bfj", at=0, nonce=bytes(16), software="x", card_version=1)
        ),
        ping_form.SIZE_BYTES_MAX,
    )
    named = set(re.findall(r"`(\w+)`", " ".join(re.findall(r"^\| (`.+?) \|", PING, flags=re.MULTILINE))))
    assert named == set(members)


def test_the_example_of_a_channel_status_is_what_the_format_writes() -> None:
    (line,) = re.findall(r"^status +(\{.*\})$", CHANNEL, flags=re.MULTILINE)
    status = channel_form.decode(line.encode())
    assert channel_form.encode(status).decode() == line
    assert (status.sender, status.recipient) == ("at.moj", "de.bfj")
    named = set(re.findall(r"`(\w+)`", " ".join(re.findall(r"^\| (`.+?) \|", CHANNEL, flags=re.MULTILINE))))
    assert named == set(strict_json.decode(line.encode(), WIRE_LIMITS.channel_bytes)) | {"answers", "profile"}
