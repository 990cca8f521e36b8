"""Private keys: at rest, in memory, in tokens (docs/explanation/keys-at-rest.md).

Rules of the table: `safeguard`.
"""

from tests.ablation.safeguard import Safeguard

ROWS = (
    Safeguard(
        name="a hostile file costs no more passes",
        row="keys at rest",
        file="emla/keyring/wrapping.py",
        old='members.integer("ops", argon2id.OPSLIMIT_MIN, _OPS_MAX)',
        new='members.integer("ops", argon2id.OPSLIMIT_MIN)',
        held_by=(
            "tests/unit/keyring/test_wrapping.py::test_a_hostile_file_cannot_make_a_try_cost_what_it_likes",
        ),
    ),
    Safeguard(
        name="a hostile file costs no more memory",
        row="keys at rest",
        file="emla/keyring/wrapping.py",
        old='members.integer("memory", argon2id.MEMLIMIT_MIN, _MEMORY_BYTES_MAX)',
        new='members.integer("memory", argon2id.MEMLIMIT_MIN)',
        held_by=(
            "tests/unit/keyring/test_wrapping.py::test_a_hostile_file_cannot_make_a_try_cost_what_it_likes",
        ),
    ),
    Safeguard(
        name="each use has a wrapping key of its own",
        row="keys at rest",
        file="emla/keyring/wrapping.py",
        old='labelled_key(master, "emla/1 wrap", use.encode("ascii"))',
        new='labelled_key(master, "emla/1 wrap", b"")',
        held_by=("tests/unit/keyring/test_wrapping.py::test_each_use_has_a_wrapping_key_of_its_own",),
    ),
    Safeguard(
        name="a process holds the wrapping keys of its uses",
        row="keys at rest",
        file="emla/keyring/wrapping.py",
        old="for use in uses if (key := self.by_use.get(use)) is not None",
        new="for use, key in self.by_use.items()",
        held_by=(
            "tests/unit/keyring/test_folder.py::test_the_wrapping_keys_of_one_process_open_no_file_of_another",
        ),
    ),
    Safeguard(
        name="wrapping keys do not show",
        row="keys at rest",
        file="emla/keyring/wrapping.py",
        old="by_use: Mapping[str, bytes] = field(repr=False)",
        new="by_use: Mapping[str, bytes]",
        held_by=("tests/unit/keyring/test_folder.py::test_no_secret_shows",),
    ),
    Safeguard(
        name="a key box is bound to use and id",
        row="keys at rest",
        file="emla/keyring/key_file.py",
        old='return f"emla/1 key file\\0{use.value}\\0{kid}".encode("ascii")',
        new='return b"emla/1 key file"',
        held_by=("tests/unit/keyring/test_folder.py::test_a_box_opens_only_as_the_key_it_was_locked_as",),
    ),
    Safeguard(
        name="a seed does not show",
        row="keys at rest",
        file="emla/keyring/key_file.py",
        old="    seed: bytes = field(repr=False)",
        new="    seed: bytes",
        held_by=("tests/unit/keyring/test_files.py::test_representations_show_no_secret",),
    ),
    Safeguard(
        name="a damaged seed is noticed",
        row="keys at rest",
        file="emla/keyring/key_file.py",
        old="return key.kid == kid_of(key.alg, key.seed)",
        new="return True",
        held_by=(
            "tests/unit/keyring/test_files.py::test_a_file_whose_content_is_not_what_its_name_says_is_refused",
        ),
    ),
    Safeguard(
        name="a file others can read is refused",
        row="keys at rest",
        file="emla/keyring/private_files.py",
        old="    if status.st_mode & _OTHERS:",
        new="    if False:",
        held_by=(
            "tests/unit/keyring/test_files.py::test_a_file_others_can_reach_is_refused_with_its_name_and_the_remedy",
        ),
    ),
    Safeguard(
        name="a file of another user is refused",
        row="keys at rest",
        file="emla/keyring/private_files.py",
        old="    if status.st_uid != os.geteuid():",
        new="    if False:",
        held_by=("tests/unit/keyring/test_files.py::test_a_file_of_another_user_is_refused",),
    ),
    Safeguard(
        name="a private file is born private",
        row="keys at rest",
        file="emla/keyring/private_files.py",
        old="os.O_NOFOLLOW | os.O_CLOEXEC, 0o600",
        new="os.O_NOFOLLOW | os.O_CLOEXEC, 0o644",
        held_by=("tests/unit/keyring/test_files.py::test_files_and_folder_are_private",),
    ),
    Safeguard(
        name="links to keys are not followed",
        row="keys at rest",
        file="emla/keyring/private_files.py",
        old="os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK",
        new="os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK",
        held_by=("tests/unit/keyring/test_files.py::test_a_symbolic_link_is_refused",),
    ),
    Safeguard(
        name="a key is never overwritten",
        row="keys at rest",
        file="emla/keyring/private_files.py",
        old="        os.link(temporary, path)",
        new="        temporary.replace(path)",
        held_by=("tests/unit/keyring/test_files.py::test_a_key_is_never_overwritten",),
    ),
    Safeguard(
        name="the folder of keys is checked",
        row="keys at rest",
        file="emla/keyring/files.py",
        old=(
            '    """The key files of some uses as they stand, nothing unlocked."""\n'
            "    check_folder(folder)\n"
        ),
        new='    """The key files of some uses as they stand, nothing unlocked."""\n',
        held_by=("tests/unit/keyring/test_files.py::test_a_folder_others_can_enter_is_refused",),
    ),
    Safeguard(
        name="a file holds the key its name says",
        row="keys at rest",
        file="emla/keyring/files.py",
        old="if (key.use, key.kid) != (match[1], match[2]):",
        new="if False:",
        held_by=("tests/unit/keyring/test_files.py::test_a_key_is_not_put_to_another_use_by_another_name",),
    ),
    Safeguard(
        name="a process opens files of its uses only",
        row="keys at rest",
        file="emla/keyring/files.py",
        old="if match and FileUse(match[1]) in uses:",
        new="if match:",
        held_by=(
            "tests/unit/keyring/test_files.py::test_the_gateway_never_holds_nor_opens_a_sealing_or_root_key",
        ),
    ),
    Safeguard(
        name="the opener holds nothing to sign with",
        row="keys at rest",
        file="emla/keyring/files.py",
        old="OPENER_USES = frozenset({FileUse.SEAL, FileUse.CONTENT})",
        new="OPENER_USES = frozenset({FileUse.SEAL, FileUse.CONTENT, FileUse.SIGN})",
        held_by=("tests/unit/keyring/test_files.py::test_the_opener_holds_nothing_to_sign_with",),
    ),
    Safeguard(
        name="the gateway holds no sealing key",
        row="keys at rest",
        file="emla/keyring/files.py",
        old="GATEWAY_USES = frozenset({FileUse.SIGN, FileUse.LEDGER, FileUse.CONTENT})",
        new="GATEWAY_USES = frozenset({FileUse.SIGN, FileUse.LEDGER, FileUse.CONTENT, FileUse.SEAL})",
        held_by=(
            "tests/unit/keyring/test_files.py::test_the_gateway_never_holds_nor_opens_a_sealing_or_root_key",
        ),
    ),
    Safeguard(
        name="a new passphrase has twelve characters",
        row="keys at rest",
        file="emla/keyring/passphrase.py",
        old="if count < CHARACTERS_MIN:",
        new="if False:",
        held_by=("tests/unit/keyring/test_passphrase.py::test_a_new_passphrase_has_twelve_characters",),
    ),
    Safeguard(
        name="a passphrase does not show",
        row="keys at rest",
        file="emla/keyring/passphrase.py",
        old="octets: bytes = field(repr=False)",
        new="octets: bytes",
        held_by=(
            "tests/unit/keyring/test_wrapping.py::test_no_secret_shows_in_representations_errors_or_tracebacks",
        ),
    ),
    Safeguard(
        name="a passphrase file others can read is refused",
        row="keys at rest",
        file="emla/keyring/passphrase.py",
        old=("        if self.file is not None:\n            return read_private(self.file, BYTES_MAX)"),
        new=("        if self.file is not None:\n            return self.file.read_bytes()"),
        held_by=("tests/unit/keyring/test_passphrase.py::test_a_file_that_others_can_read_is_refused",),
    ),
    Safeguard(
        name="a name is bound into an officer's key",
        row="75",
        file="emla/keyring/media.py",
        old='\\0{about.kid}\\0{about.name}".encode()',
        new='\\0{about.kid}".encode()',
        held_by=("tests/unit/keyring/test_media.py::test_whose_key_it_is_cannot_be_rewritten",),
    ),
    Safeguard(
        name="a root key in the clear is private",
        row="keys at rest",
        file="emla/keyring/media.py",
        old="    if b'\"seed\"' in data:",
        new="    if False:",
        held_by=(
            "tests/unit/keyring/test_media.py::test_a_root_key_without_a_passphrase_is_taken_only_when_nobody_else_can_read_it",
        ),
    ),
    Safeguard(
        name="key files on media are not overwritten",
        row="keys at rest",
        file="emla/keyring/media.py",
        old="os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600",
        new="os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600",
        held_by=("tests/unit/keyring/test_media.py::test_nothing_is_overwritten_and_nothing_is_left_behind",),
    ),
    Safeguard(
        name="a public key file names the key it holds",
        row="5",
        file="emla/keyring/media.py",
        old="not use.is_valid_public(about.public) or about.kid != key_id(alg, about.public)",
        new="not use.is_valid_public(about.public)",
        held_by=("tests/unit/keyring/test_media.py::test_a_public_half_is_of_the_key_it_names",),
    ),
    Safeguard(
        name="a public key file holds a whole key",
        row="5",
        file="emla/keyring/media.py",
        old="not use.is_valid_public(about.public) or about",
        new="about",
        held_by=("tests/unit/keyring/test_media.py::test_a_public_half_is_of_the_key_it_names",),
    ),
    Safeguard(
        name="a wrong PIN is not tried twice",
        row="token",
        file="emla/keyring/pkcs11.py",
        old=(
            "            raise ConfigurationError(\n"
            '                "wrong-token-pin", f"Token \'{self.name.label}\': {type(error).__name__}."\n'
            "            ) from None\n"
        ),
        new="            raise error\n",
        held_by=("tests/unit/keyring/test_pkcs11.py::test_a_wrong_pin_is_tried_once_and_never_shown",),
    ),
    Safeguard(
        name="what a token signs is verified before use",
        row="token",
        file="emla/keyring/pkcs11.py",
        old="        if not ed1.verify(self.public, message, sig):",
        new="        if False:",
        held_by=(
            "tests/unit/keyring/test_pkcs11.py::test_a_signature_that_does_not_verify_is_given_to_nobody",
        ),
    ),
    Safeguard(
        name="a key never leaves its token",
        row="token",
        file="emla/keyring/pkcs11.py",
        old="pkcs11.Attribute.EXTRACTABLE: False",
        new="pkcs11.Attribute.EXTRACTABLE: True",
        held_by=("tests/unit/keyring/test_pkcs11.py::test_the_private_half_cannot_be_read",),
    ),
    Safeguard(
        name="a key in a token cannot be read",
        row="token",
        file="emla/keyring/pkcs11.py",
        old="pkcs11.Attribute.SENSITIVE: True",
        new="pkcs11.Attribute.SENSITIVE: False",
        held_by=("tests/unit/keyring/test_pkcs11.py::test_the_private_half_cannot_be_read",),
    ),
    Safeguard(
        name="a library has an absolute path",
        row="token",
        file="emla/keyring/pkcs11.py",
        old="if not os.path.isabs(module):",
        new="if False:",
        held_by=("tests/unit/keyring/test_pkcs11.py::test_a_library_that_is_not_there_says_which",),
    ),
    Safeguard(
        name="nothing is signed inside a transaction",
        row="token",
        file="emla/ports/signing.py",
        old="        known = self._known.get((kid, message))\n",
        new="        known = self._signers[kid].slow.sign(message)\n",
        held_by=(
            "tests/unit/store/sqlite/test_slow_signers.py::test_what_is_committed_verifies_and_no_transaction_was_open_while_it_was_signed",
        ),
    ),
    Safeguard(
        name="a placeholder stays in its round",
        row="token",
        file="emla/ports/signing.py",
        old=(
            "        if not self._open:\n"
            '            raise IllegalTransitionError("A slow signer was asked outside a batch; use sign_now.")\n'
        ),
        new="",
        held_by=(
            "tests/unit/store/sqlite/test_slow_signers.py::test_a_placeholder_is_given_only_inside_a_round",
        ),
    ),
    Safeguard(
        name="nothing is signed on the event loop",
        row="token",
        file="emla/ports/signing.py",
        old=(
            "    if isinstance(signer, BatchSigner):\n"
            "        return await asyncio.to_thread(dsse.sign, kind, payload, signer.slow)\n"
        ),
        new=("    if isinstance(signer, BatchSigner):\n        signer = signer.slow\n"),
        held_by=(
            "tests/unit/store/sqlite/test_slow_signers.py::test_outside_a_batch_a_slow_signer_is_asked_on_another_thread",
        ),
    ),
    Safeguard(
        name="nothing rests on a placeholder",
        row="token",
        file="emla/ports/signing.py",
        old=(
            "        if self._asked is None:\n"
            "            self._asked = (kid, message)\n"
            "            self._missing[kid, message] = None\n"
        ),
        new=("        self._missing[kid, message] = None\n        self._asked = (kid, message)\n"),
        held_by=(
            "tests/unit/store/sqlite/test_slow_signers.py::test_the_event_loop_and_its_thread_never_wait_for_the_signer",
        ),
    ),
    Safeguard(
        name="no debugger reads a key",
        row="keys at rest",
        file="emla/sandbox/confine.py",
        old="_prctl(_PR_SET_DUMPABLE, 0)",
        new="_prctl(_PR_SET_DUMPABLE, 1)",
        held_by=(
            "tests/integration/test_locked_keys.py::test_the_gateways_memory_reaches_neither_a_core_dump_nor_another_process",
        ),
    ),
    Safeguard(
        name="no core dump holds a key",
        row="keys at rest",
        file="emla/sandbox/confine.py",
        old="_limit(resource.RLIMIT_CORE, 0)",
        new="_limit(resource.RLIMIT_CORE, 1024)",
        held_by=(
            "tests/integration/test_locked_keys.py::test_the_gateways_memory_reaches_neither_a_core_dump_nor_another_process",
        ),
    ),
    Safeguard(
        name="after the clock was set back an earlier key signs again",
        row="60",
        file="emla/flow/gateway.py",
        old="            self.signals.set_back()\n",
        new="            pass\n",
        held_by=(
            "tests/unit/flow/test_keys_and_clocks.py::test_after_the_clock_was_set_back_an_earlier_key_signs_again",
        ),
    ),
    Safeguard(
        name="a key signs nothing that bears an instant before its window",
        row="60",
        file="emla/flow/documents/own.py",
        old="(each.not_before <= now - SETTLING_SECONDS, each.not_before, each.kid)",
        new="(each.not_before, each.kid)",
        held_by=(
            "tests/unit/flow/test_keys_and_clocks.py::test_a_key_begins_to_sign_a_minute_after_its_window_did",
        ),
    ),
    Safeguard(
        name="what waits for a key that begins later is sealed anew then",
        row="43",
        file="emla/flow/documents/reseal.py",
        old="            self._put_off.add(peer)\n            return 0  # they wait",
        new="            return 0  # they wait",
        held_by=(
            "tests/integration/test_key_revocation.py::test_what_waits_for_a_key_that_is_not_in_force_yet_is_sealed_anew_when_it_is",
        ),
    ),
)
