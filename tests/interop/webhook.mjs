// A receiver of webhooks, written from docs/spec/webhooks.md alone: what Node.js brings, and nothing else.
// Reads {url, pem, headers, body} on standard input; says "taken", or why not.

import { createHash, createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";

const COVERED = ["@method", "@target-uri", "content-digest", "content-type", "emla-webhook"];

function judge({ url, pem, headers, body }) {
  const digest = `sha-256=:${createHash("sha256").update(body).digest("base64")}:`;
  if (headers["Content-Digest"] !== digest) return "another body";
  const values = {
    "@method": "POST", "@target-uri": url, "content-digest": digest,
    "content-type": headers["Content-Type"], "emla-webhook": headers["Emla-Webhook"],
  };
  const parameters = headers["Signature-Input"].replace(/^emla=/, "");
  const covered = `(${COVERED.map((name) => `"${name}"`).join(" ")})`;
  if (!parameters.startsWith(`${covered};`) || !parameters.endsWith(';alg="ed25519";tag="emla-webhook/1"')) return "another form";
  const base = [...COVERED.map((name) => `"${name}": ${values[name]}`), `"@signature-params": ${parameters}`].join("\n");
  const sig = Buffer.from(headers.Signature.slice("emla=:".length, -1), "base64");
  return verify(null, Buffer.from(base), createPublicKey(pem), sig) ? "taken" : "another signature";
}

const calls = JSON.parse(readFileSync(0, "utf-8"));
console.log(JSON.stringify(calls.map(judge)));
