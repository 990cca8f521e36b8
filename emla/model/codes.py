"""The catalogue of everything that can go wrong: one row for each stable code.

Rules of this file:
- A code never changes its meaning and is never reused. New trouble gets a new row.
- ``meaning`` says what happened, ``remedy`` what to do, ``who`` who must act. They are written for the person who reads them
  in a terminal or on a screen; ``docs/reference/errors/<code>.md`` says more and is checked against this table by a test.
- ``http`` is the status on the wire and on the authority API (RFC 9457); ``exit_code`` what the command line returns:
  1 failed, 2 usage, 3 refused by rule or peer, 4 not authenticated or key locked, 5 peer unreachable, 6 integrity alarm.
"""

from dataclasses import dataclass
from enum import StrEnum


class Who(StrEnum):
    """The party that must act."""

    OPERATOR = "your operator"
    OFFICER = "the officer who sends"
    PEER = "the other authority's operator"
    NOBODY = "nobody; emla tries again by itself"
    EVERYBODY = "both operators, at once"


@dataclass(frozen=True, slots=True)
class Code:
    """One row of the catalogue."""

    code: str
    meaning: str
    remedy: str
    who: Who
    http: int
    exit_code: int
    retryable: bool = False


_ROWS = (
    # --- packages: what a peer's gateway refuses (ladder of docs/spec/ladder.md) ---
    Code("malformed", "The bytes do not have the form the specification asks for.",
         "Send exactly what docs/spec describes; if a line or hub damaged it, emla sends it again.", Who.PEER, 400, 3, True),
    Code("bad-signature", "The signature does not verify with the sender's pinned keys.",
         "Compare the fingerprint of the sender's documents by telephone.", Who.PEER, 400, 3, True),
    Code("digest-mismatch", "The payload that arrived is not the one the signed header names.",
         "Nothing to do if it happens once (a damaged line); if it repeats, look at proxies on the way.", Who.NOBODY, 400, 3, True),
    Code("unknown-sender", "No documents of this authority are pinned here.",
         "Exchange cards: `emla card export` there, `emla peer import` here.", Who.OPERATOR, 403, 3),
    Code("frozen", "A root key of this authority has frozen it: nothing new is exchanged with it.",
         "Telephone the authority. It is taken up again when it publishes a new root.", Who.PEER, 403, 3),
    Code("revoked-key", "The key that signed has been revoked, and nobody here saw the object before.",
         "Telephone the other authority; what it really sent, it signs again with its new key.", Who.PEER, 400, 3),
    Code("unknown-kid", "The package is sealed to a key that is not, or no longer, held here.",
         "Import the newest card of the recipient and send again.", Who.OPERATOR, 409, 3, True),
    Code("not-recipient", "The package is addressed to another authority.",
         "Check the endpoint in the recipient's card.", Who.PEER, 422, 3),
    Code("clock-skew", "The package or document is dated in the future by more than the clocks may differ.",
         "Compare both clocks (`emla peer ping` shows the difference) and set the wrong one.", Who.OPERATOR, 400, 5, True),
    Code("expired", "The package expired before it was accepted.",
         "Submit the message again with a later expiry.", Who.OFFICER, 422, 3),
    Code("bad-suite", "The package uses a cryptographic suite the recipient does not publish.",
         "Update the gateway that sent it.", Who.PEER, 422, 3),
    Code("too-large", "The package or message is larger than the recipient accepts.",
         "Split the attachments over several messages.", Who.OFFICER, 413, 3),
    Code("already-held", "The same payload has already been accepted under another package id.",
         "Nothing: the first acknowledgement stands.", Who.NOBODY, 422, 3),
    Code("equivocation", "One message id, payload id or sequence number was used for two different packages.",
         "Keep both objects; they are proof. Telephone the other authority.", Who.EVERYBODY, 409, 6),
    # --- what the opener finds after acceptance (ContentConsignmentFailure) ---
    Code("stanza-mismatch", "The sealed key does not open for this header.",
         "The sender's gateway is faulty or somebody mixed two packages. Telephone the sender.", Who.PEER, 422, 3),
    Code("commit-mismatch", "The sealed key is not the one the header commits to.",
         "Keep the package as proof and telephone the sender: this does not happen by accident.", Who.PEER, 422, 6),
    Code("chunk-damaged", "A part of the sealed payload was changed, dropped, moved or added.",
         "The sender's gateway is faulty or hostile. Telephone the sender.", Who.PEER, 422, 3),
    Code("manifest-mismatch", "The sealed manifest contradicts the signed header.",
         "Keep the package as proof and telephone the sender: this is how a stolen payload looks.", Who.PEER, 422, 6),
    Code("part-mismatch", "A part's size or hash is not the one in the manifest.",
         "The sender's gateway is faulty. Telephone the sender.", Who.PEER, 422, 3),
    Code("three-strikes", "The opener died or ran out of its limits on this package three times.",
         "The package is in quarantine; a person decides.", Who.OPERATOR, 422, 3),
    # --- messages: what our own caller must mend ---
    Code("invalid-message", "The message does not pass the checks.",
         "Mend the findings listed and send again; nothing was sent.", Who.OFFICER, 422, 3),
    Code("malformed-xml", "The document is not well-formed XML of the accepted kind.",
         "Mend the line named and send again; nothing was sent.", Who.OFFICER, 422, 3),
    Code("unknown-recipient", "The recipient is not among the peers pinned here.",
         "Ask your operator to import the recipient's card (`emla peer import`).", Who.OPERATOR, 422, 3),
    Code("not-sender", "The message names another authority as sender.",
         "Write this gateway's own authority id as sender.", Who.OFFICER, 422, 3),
    Code("missing-attachment", "The message names an attachment that was not handed in.",
         "Put the file beside the message, or give its folder with --attachments.", Who.OFFICER, 422, 3),
    Code("unnamed-attachment", "A file was handed in that the message does not name.",
         "Add an Attachment element for it, or leave the file out.", Who.OFFICER, 422, 3),
    Code("attachment-changed", "An attachment is not the file the message describes (size or SHA-256 differ).",
         "If the file is right, write its size and hash into the message; if it was changed while sending, send again.",
         Who.OFFICER, 422, 3),
    Code("check-failed", "The process that checks messages ended on this one: out of memory or time, or by a fault.",
         "Send it once more; nothing was sent. If it fails again, split the document or ask your operator for the reason in the log.",
         Who.OFFICER, 422, 3),
    Code("message-id-reused", "This message id was already sent with other content.",
         "Give the changed message a new MessageId.", Who.OFFICER, 409, 3),
    Code("bad-request", "The call does not have the form the API asks for.",
         "Compare it with docs/reference/authority-api.md.", Who.OFFICER, 400, 2),
    Code("not-found", "There is nothing under this id.", "List what is there and take its id.", Who.OFFICER, 404, 1),
    Code("not-readable", "The content cannot be opened in this state.",
         "Wait until it is consigned; if it is in quarantine, ask your operator.", Who.OPERATOR, 409, 3),
    # --- people: who may do what here ---
    Code("not-authenticated", "The call does not show who makes it.",
         "Take a token (`emla token new`) and give it in EMLA_TOKEN or in the token file.", Who.OFFICER, 401, 4),
    Code("not-allowed", "What was asked for is not for this person's roles.",
         "Ask somebody who has the role, or a key custodian for the role.", Who.OFFICER, 403, 3),
    Code("guessing", "Too many passwords were tried for this name.",
         "Wait a minute. If it was not you, tell a key custodian.", Who.OFFICER, 429, 4, True),
    Code("role-conflict", "These roles exclude one another: one person must not hold them together.",
         "Give one of them to somebody else.", Who.OFFICER, 409, 3),
    Code("own-rights", "Nobody changes rights of his own.", "Ask another key custodian.", Who.OFFICER, 409, 3),
    Code("no-custodian", "Nobody would be left who may put people on record.",
         "Give the role key_custodian to somebody else first.", Who.OFFICER, 409, 3),
    Code("name-taken", "Somebody on record has this name.", "Choose another name.", Who.OFFICER, 409, 3),
    # --- acknowledgements ---
    Code("unknown-package", "The acknowledgement is about a package that was never sent from here.",
         "Keep it and telephone the other authority.", Who.PEER, 404, 3),
    Code("proof-mismatch", "The inclusion proof does not lead to the checkpoint.",
         "Keep it and telephone the other authority: its ledger may have been rewritten.", Who.EVERYBODY, 400, 6),
    Code("acknowledgement-mismatch", "The acknowledgement does not fit the package it names.",
         "Keep it and telephone the other authority.", Who.PEER, 400, 3),
    # --- documents ---
    Code("invalid-document", "The authority document is not valid or not signed as it must be.",
         "Ask the other authority for a fresh export; never import a file that fails.", Who.PEER, 400, 3),
    Code("document-expired", "The authority document has expired.",
         "Ask the other authority for its newest card.", Who.PEER, 409, 3),
    Code("document-rollback", "The document is older than, or contradicts, one already seen.",
         "Do not import it. Telephone the other authority: somebody may be replaying old keys.", Who.EVERYBODY, 409, 6),
    Code("fingerprint-mismatch", "The fingerprint typed is not the fingerprint of this file.",
         "Read it again over the telephone; if it still differs, the file was swapped.", Who.OPERATOR, 403, 3),
    Code("peer-conflict", "This authority is already pinned with another root.",
         "Do not import it. Telephone the other authority on a number you know.", Who.EVERYBODY, 409, 6),
    Code("approval-missing", "The change has not been proposed by one key officer and approved by another.",
         "Have one officer propose exactly this document and another approve it.", Who.OPERATOR, 403, 3),
    Code("same-officer", "One key officer acted twice where two different ones must.",
         "Have another key officer approve.", Who.OPERATOR, 403, 3),
    Code("act-lapsed", "Two officers must sign an act within seven days; this one has waited longer.",
         "Propose it anew, if it is still wanted.", Who.OPERATOR, 409, 3),
    Code("wrong-state", "This cannot be done in the state in which the thing is.",
         "Look at its state with `emla leg show` or `emla message show`.", Who.OPERATOR, 409, 3),
    Code("profile-changed", "Somebody else has changed the profile since it was read.",
         "Look at it with `emla profile show`, and make your change again.", Who.OPERATOR, 409, 3),
    Code("held", "An operator has put this leg aside; it is not tried.",
         "Read the reason with `emla leg show`; let it go on with `emla leg release`.", Who.OPERATOR, 409, 3),
    Code("closed", "Two officers gave up sending this package before it was delivered.",
         "Read their reason in the act (`emla card show`); send the message anew if it is still wanted.", Who.OFFICER, 409, 3),
    Code("stale-peer", "This authority has not said for seven days what is current; its packages wait.",
         "Nothing, if its gateway is only down. Else telephone the authority: somebody may be holding back a revocation.",
         Who.OPERATOR, 409, 5, True),
    Code("open-legs", "Something still waits to be sent to this authority.",
         "Wait until it is sent or has expired; or forget the authority with --force.", Who.OPERATOR, 409, 3),
    # --- transport ---
    Code("peer-unreachable", "The other gateway cannot be reached.",
         "Nothing: emla tries again with growing pauses and at once when the peer makes contact.", Who.NOBODY, 502, 5, True),
    Code("hub-not-pinned", "The authority is reached only through hubs, and none of them is pinned here.",
         "Import the card of one of its hubs (`emla peer show` names them); or ask the authority for another way.", Who.OPERATOR, 409, 5, True),
    Code("peer-nonsense", "The other gateway answered something that is not the protocol.",
         "If it repeats, ask the other operator what stands at that address.", Who.PEER, 502, 5, True),
    Code("wrong-pin", "The server at the peer's address does not hold the key its card names.",
         "Do not work around it. Ask the other operator whether the TLS key changed; if so, import the new card.",
         Who.EVERYBODY, 502, 6, True),
    Code("timeout", "The other side did not answer in time.", "Nothing: emla tries again.", Who.NOBODY, 504, 5, True),
    Code("refused-endpoint", "The peer's card names an address that must not be contacted.",
         "Ask the other operator for a card with a public https endpoint; for a test on one machine set allow_loopback_endpoints.",
         Who.PEER, 502, 3),
    # --- signed calls ---
    Code("unsigned-call", "The call does not bear the signature it needs, or the signature does not cover the whole call.",
         "Send exactly what docs/spec/signed-calls.md describes, straight to the gateway: something on the way may have changed it.",
         Who.PEER, 401, 3, True),
    Code("bad-call-signature", "The signature of the call does not verify with a live key of the authority it names.",
         "Import the caller's newest card; if it stays, compare fingerprints by telephone.", Who.OPERATOR, 401, 3, True),
    Code("stale-call", "The call was signed too long ago, for too long, or in the future.",
         "Compare both clocks (`emla peer ping` shows the difference) and set the wrong one.", Who.OPERATOR, 401, 5, True),
    Code("replayed-call", "The same signed call came twice; the second is not carried out.",
         "Nothing if it happens once; if it repeats, somebody on the way repeats calls.", Who.NOBODY, 401, 5, True),
    Code("misdirected-call", "The call was signed for another gateway.",
         "Check the endpoint in the card of the gateway that is called.", Who.PEER, 401, 3),
    # --- hubs ---
    Code("mailbox-full", "The hub holds as much for this recipient, or from this sender, as it may.",
         "Nothing: emla tries again. If it stays, ask the recipient to collect, or the hub's operator for more room.",
         Who.NOBODY, 503, 5, True),
    Code("not-owner", "The mailbox item belongs to another authority.",
         "Nothing was given away. If it repeats, the caller's gateway is faulty.", Who.PEER, 403, 3),
    Code("proof-missing", "A package is released only with the owner's own RelayAcceptance or RelayRejection about it.",
         "Accept the package first; the hub keeps it meanwhile.", Who.PEER, 422, 3),
    Code("wrong-role", "This data folder was served in another role: a hub holds for others, a gateway sends and receives.",
         "Serve it in the role it had, or make another folder with `emla init`.", Who.OPERATOR, 409, 2),
    # --- flow control ---
    Code("busy", "All places are taken at the moment.", "Nothing: try again in a moment.", Who.NOBODY, 503, 5, True),
    Code("quota", "This peer has as much on its way, or had as much refused, as it may.",
         "Nothing: emla goes on by itself. If it stays, ask the other operator what was refused, and for larger limits.",
         Who.NOBODY, 429, 5, True),
    Code("processing", "The same package is being received on another connection.", "Nothing: emla asks again.",
         Who.NOBODY, 202, 5, True),
    Code("stopping", "The server is shutting down.", "Nothing: try again when it is back.", Who.NOBODY, 503, 5, True),
    Code("unsupported-encoding", "The call carries a Content-Encoding; compressed bodies are not accepted.",
         "Send the body as it is.", Who.PEER, 415, 2),
    Code("internal", "Something failed inside the gateway.", "Look for the correlation id in the log.", Who.OPERATOR, 500, 1, True),
    # --- our own operation ---
    Code("server-not-running", "No emla server answers on the socket of this data folder.",
         "Start it with `emla serve`, or name the right folder with --data.", Who.OPERATOR, 503, 5, True),
    Code("unreadable-answer", "The emla server's answer is not what this version understands.",
         "Use the same version of emla on both sides; if they are the same, report this.", Who.OPERATOR, 502, 1),
    Code("server-running", "Another emla server already uses this data folder.",
         "Stop it first, or use another --data folder.", Who.OPERATOR, 409, 1),
    Code("not-initialised", "There is no authority in this data folder.",
         "Run `emla init` first, or name the right folder with --data.", Who.OPERATOR, 409, 1),
    Code("already-initialised", "There is already an authority in this data folder.",
         "Choose an empty folder. Nothing was changed.", Who.OPERATOR, 409, 1),
    Code("bad-setting", "A setting is unknown or has a value that cannot be used.",
         "Mend emla.toml or the environment variable named.", Who.OPERATOR, 500, 2),
    Code("unreadable-key", "A private key file is missing, damaged or readable by others.",
         "Restore the file from its backup and set its mode to 0600.", Who.OPERATOR, 500, 4),
    Code("key-locked", "A private key is locked, and nothing here gives what opens it.",
         "Say where the passphrase or PIN comes from; the line above names the ways.", Who.OPERATOR, 500, 4),
    Code("wrong-passphrase", "The passphrase does not open the private key.",
         "Type it again; after a damaged file, restore the file from its backup.", Who.OPERATOR, 403, 4),
    Code("weak-passphrase", "The new passphrase is too short.",
         "Choose a longer one, for example five words drawn by lot.", Who.OPERATOR, 400, 2),
    Code("wrong-token-pin", "The token does not take the PIN.",
         "Stop and look for the right PIN: most tokens lock themselves for good after a few wrong ones.", Who.OPERATOR, 403, 4),
    Code("token-unavailable", "The hardware token that holds a key does not answer.",
         "Look whether it is plugged in and its service runs; emla goes on by itself when it answers.", Who.OPERATOR, 503, 5, True),
    Code("address-in-use", "The address to listen on is taken.",
         "Stop the other program or change the listen setting.", Who.OPERATOR, 500, 1),
    Code("disk-full", "There is not enough free space to take more.",
         "Free some space; nothing that was accepted is lost.", Who.OPERATOR, 507, 1, True),
    Code("store-failed", "The storage failed.",
         "Look at the disk; the server stops and recovers when it is started again.", Who.OPERATOR, 500, 1),
    Code("payload-damaged", "A stored payload is missing or not what it was: the disk has damaged it.",
         "Look at the disk; bring the payload's file back from a backup or from the peer, and start the server again.",
         Who.OPERATOR, 500, 6),
    Code("newer-schema", "The database was written by a newer emla.", "Install that version or a later one.", Who.OPERATOR, 500, 1),
    Code("migration-changed", "A database migration is not the one that was applied.",
         "Install an unmodified release.", Who.OPERATOR, 500, 6),
    Code("ledger-broken", "The ledger does not match what is stored.",
         "Stop. Somebody or something changed stored history; compare with your peers' copies.", Who.EVERYBODY, 500, 6),
    Code("ledger-behind", "A peer holds a checkpoint or a package of this ledger that the ledger does not know: it is older than itself.",
         "Stop and find out whether a backup was restored or somebody attacked; then open a new epoch: `emla ledger recover`.",
         Who.OPERATOR, 503, 6, True),
    Code("ledger-restored", "The data folder was restored from a backup, and not every peer has said yet what it holds of this ledger.",
         "Wait until every peer has answered (`emla ledger show`), or say with `emla ledger without` which are gone.",
         Who.OPERATOR, 503, 5, True),
    Code("backup-damaged", "The backup is not whole, or is no backup.",
         "Use another copy of it, or another backup.", Who.OPERATOR, 500, 1),
    Code("backup-incomplete", "Something that belongs into the backup is missing or damaged in the data folder.",
         "Look at the disk at once. --despite-problems makes the backup without it.", Who.OPERATOR, 500, 6),
    Code("wrong-backup-key", "The key does not open this backup.",
         "Use the key whose id the backup names; `emla backup verify` without a key shows it.", Who.OPERATOR, 403, 4),
    Code("unreadable-file", "A file cannot be read.", "Check its path and mode.", Who.OFFICER, 400, 1),
    Code("unwritable-file", "A file cannot be written.", "Choose another folder, or move what is there.", Who.OFFICER, 400, 1),
    Code("preview-failed", "The page of a message could not be made.",
         "Try again; if it repeats, look at the XML itself and tell the operator.", Who.OPERATOR, 500, 1),
    Code("pdf-unavailable", "This installation cannot make PDF files.",
         "Install emla with its extra pdf, or print the HTML page.", Who.OPERATOR, 500, 1),
    Code("draft-damaged", "A draft of a message cannot be read.",
         "Restore the file from a backup, or remove it with `emla message new --forget`.", Who.OFFICER, 400, 1),
    Code("draft-open", "A draft of a message is open in another window.",
         "Go on there, or close it first.", Who.OFFICER, 409, 1),
    Code("usage", "The command line is not complete.", "See `--help` of the command.", Who.OFFICER, 400, 2),
)  # fmt: skip

CODES: dict[str, Code] = {row.code: row for row in _ROWS}
"""Every code emla can raise, by name."""
