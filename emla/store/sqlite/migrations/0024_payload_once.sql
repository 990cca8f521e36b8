-- A peer's payload is accepted once: the same bytes under new ids are found by their hash. Not unique: older releases took them twice.

CREATE INDEX received_payload_sha256 ON received (payload_sha256, sender);
