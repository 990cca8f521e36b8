"""The example of docs/spec/webhooks.md is what the gateway posts: fields, octets that are signed, key."""

import re
from pathlib import Path

from emla.formats.http_signature import signature_base
from emla.formats.webhook import Posted, public_pem, signed_fields, webhook_key
from tests.support.webhook_receiver import verified

PAGE = (Path(__file__).parents[3] / "docs" / "spec" / "webhooks.md").read_text(encoding="utf-8")
WEBHOOK, URL = "5d2c0f1e9a8b7c6d", "https://cases.example.org/emla?desk=3"


def blocks() -> list[str]:
    return re.findall(r"^```\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_the_example_of_the_specification_is_computed() -> None:
    call, pem, base = blocks()
    lines = [line.removeprefix(">").removeprefix(" ") for line in call.splitlines()]
    body = lines[-1].encode()
    key = webhook_key(bytes(range(32)), WEBHOOK)
    posted = Posted(webhook=WEBHOOK, url=URL, body=body, created=1795756301, nonce=bytes(range(16)))
    fields = signed_fields(posted, key)
    shown = dict(line.split(": ", 1) for line in lines[1:-2])
    assert shown == fields | {"Host": "cases.example.org", "Content-Length": str(len(body))}
    assert pem == public_pem(key.public)
    *covered, parameters = (line.split(": ", 1) for line in base.removesuffix("\n").split("\n"))
    names = [(name.strip('"'), value) for name, value in covered]
    assert signature_base(names, parameters[1]) == base.removesuffix("\n").encode()
    assert verified(URL, fields, body, pem) == (1795756301, 1795756601, "AAECAwQFBgcICQoLDA0ODw")
