"""What a webhook posts: the signature over the call (one fixed profile of RFC 9421), and the key it is made with.

The form is docs/spec/webhooks.md. It differs from signed calls between gateways (`http_signature`), whose base it shares: the one
who is called is no authority and knows no card, so the call is bound to the address it goes to, and the key to the webhook.

Rules of this file:
- The key is grown from the authority's content key and the webhook's random id. It is kept nowhere, and ends with the webhook.
- Body and body's type are covered, and the address with its query: none of it can be changed or sent elsewhere unseen.
"""

import base64
from dataclasses import dataclass

from emla.formats.binding import key_id, labelled_key
from emla.formats.ed1 import NAME, SigningKey
from emla.formats.http_signature import content_digest, signature_base
from emla.formats.strict_json import encode_octets

LABEL = "emla"
TAG = "emla-webhook/1"
MEDIA = "application/json"
LIFE_SECONDS = 300
NONCE_BYTES = 16
_KEY_LABEL = "emla/1 webhook key"
_COMPONENTS = ("@method", "@target-uri", "content-digest", "content-type", "emla-webhook")
_SPKI = bytes.fromhex("302a300506032b6570032100")
"""What stands before the 32 bytes of an Ed25519 public key in its SubjectPublicKeyInfo (RFC 8410)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """A call to a target, before it is signed."""

    webhook: str
    url: str
    body: bytes
    created: int
    """UNIX seconds."""
    nonce: bytes


def webhook_key(content_key: bytes, webhook: str) -> SigningKey:
    """The key that signs what a webhook posts."""
    seed = labelled_key(content_key, _KEY_LABEL, webhook.encode("ascii"))
    return SigningKey(seed, key_id(NAME, SigningKey(seed, "").public))


def signed_fields(posted: Posted, key: SigningKey) -> dict[str, str]:
    """The header fields of a call, with its signature."""
    fields = {
        "Content-Type": MEDIA,
        "Content-Digest": content_digest(posted.body),
        "Emla-Webhook": posted.webhook,
    }
    values = {name.lower(): value for name, value in fields.items()}
    values |= {"@method": "POST", "@target-uri": posted.url}
    parameters = _parameters(posted, key.kid)
    sig = key.sign(signature_base([(name, values[name]) for name in _COMPONENTS], parameters))
    return fields | {
        "Signature-Input": f"{LABEL}={parameters}",
        "Signature": f"{LABEL}=:{base64.b64encode(sig).decode('ascii')}:",
    }


def public_pem(public: bytes) -> str:
    """A public key as most libraries read it: SubjectPublicKeyInfo in PEM."""
    text = base64.b64encode(_SPKI + public).decode("ascii")
    return f"-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n"


def _parameters(posted: Posted, kid: str) -> str:
    covered = " ".join(f'"{name}"' for name in _COMPONENTS)
    return (
        f"({covered});created={posted.created};expires={posted.created + LIFE_SECONDS}"
        f';nonce="{encode_octets(posted.nonce)}";keyid="{kid}";alg="ed25519";tag="{TAG}"'
    )
