"""What a message must say: the engine for rule files, the rules, and how findings weigh.

Rules of the table: `safeguard`.
"""

from tests.ablation.safeguard import Safeguard

_ENGINE = "tests/unit/formats/test_schematron.py"
_WEIGH = "tests/unit/rules/test_weigh.py"
_SCHEMA = "tests/unit/formats/test_schema.py"
_UNKNOWN = f"{_ENGINE}::test_what_is_not_known_is_refused_and_never_skipped"

ROWS = (
    Safeguard(
        name="an unknown element of a rule file is refused",
        row="rules",
        file="emla/formats/schematron_read.py",
        old="        known = _ATTRIBUTES.get(str(element.tag))\n",
        new="        known = _ATTRIBUTES.get(str(element.tag), (frozenset(), frozenset(map(str, element.keys()))))\n",
        held_by=(f"{_UNKNOWN}[<unknown/>-not known here]",),
    ),
    Safeguard(
        name="a rule calls no function but those of XPath",
        row="rules",
        file="emla/formats/schematron_read.py",
        old="if called not in _FUNCTIONS | _NOT_FUNCTIONS:",
        new="if False:",
        held_by=(f"{_ENGINE}::test_a_function_that_is_not_known_is_refused",),
    ),
    Safeguard(
        name="the first rule of a pattern that matches counts alone",
        row="rules",
        file="emla/formats/schematron.py",
        old="taken.update(",
        new="taken.copy().update(",
        held_by=(f"{_ENGINE}::test_of_the_rules_of_a_pattern_the_first_that_matches_counts_alone",),
    ),
    Safeguard(
        name="white space around a code changes no rule's verdict",
        row="rules",
        file="emla/formats/schematron.py",
        old="_as_the_schema_reads(document)\n",
        new="document.root\n",
        held_by=(f"{_ENGINE}::test_white_space_around_a_code_makes_no_difference",),
    ),
    Safeguard(
        name="what is fatal no reason overrides",
        row="rules",
        file="emla/rules/weigh.py",
        old="if each.severity is Severity.ERROR and each.rule in reasons",
        new="if each.rule in reasons",
        held_by=(f"{_WEIGH}::test_what_is_fatal_no_reason_makes_good",),
    ),
    Safeguard(
        name="an error without a reason blocks at the sender",
        row="rules",
        file="emla/steps/validate.py",
        old="    if identity or (terms.sending and any(each.blocks for each in ruled)):\n",
        new="    if identity:\n",
        held_by=(f"{_WEIGH}::test_an_error_blocks_and_each_place_is_named",),
    ),
    Safeguard(
        name="no rule blocks at the recipient",
        row="rules",
        file="emla/steps/validate.py",
        old="(terms.sending and any(",
        new="(True and any(",
        held_by=(f"{_WEIGH}::test_at_the_recipient_no_rule_blocks_and_every_finding_is_there",),
    ),
    Safeguard(
        name="an override is recorded in the ledger",
        row="rules",
        file="emla/flow/line/submit.py",
        old="            for each in also:\n",
        new="            for each in also[:0]:\n",
        held_by=(
            "tests/unit/flow/test_submit.py::test_a_rule_is_overridden_with_a_reason_that_the_ledger_keeps[declared]",
        ),
    ),
    Safeguard(
        name="findings that may hide fatal ones are fatal",
        row="rules",
        file="emla/formats/schematron.py",
        old="    severity=Severity.FATAL,\n",
        new="    severity=Severity.ERROR,\n",
        held_by=(
            f"{_WEIGH}::test_findings_in_such_number_that_fatal_ones_may_hide_behind_them_are_fatal_themselves",
        ),
    ),
    Safeguard(
        name="findings about identity are counted out",
        row="67",
        file="emla/steps/validate.py",
        old="    if len(identity) > IDENTITY_FINDINGS_MAX:\n",
        new="    if False:\n",
        held_by=(
            "tests/unit/steps/test_validate.py::test_thousands_of_findings_about_identity_are_counted_out",
        ),
    ),
    Safeguard(
        name="a finding quotes nothing that hides or turns text",
        row="hostile messages",
        file="emla/formats/quoting.py",
        old="return character if character in _MEANT or",
        new="return character if character or",
        held_by=("tests/unit/formats/test_quoting.py::test_hidden_letters_become_visible",),
    ),
    Safeguard(
        name="no question about treaties is asked of a State that does not exist",
        row="rules",
        file="emla/rules/times.py",
        old="            if not context.instruments.is_country(text_of(each)):\n",
        new="            if False:\n",
        held_by=(
            "tests/unit/rules/test_table.py::test_the_rule_finds_what_breaks_it_and_no_other_does[BR-002a]",
        ),
    ),
    Safeguard(
        name="an index holds only so many elements of one value",
        row="67",
        file="emla/formats/schematron.py",
        old="                    if len(same) < SAME_MAX:\n",
        new="                    if same is not None:\n",
        held_by=(f"{_ENGINE}::test_an_id_given_thousands_of_times_is_not_walked_over_at_each_reference",),
    ),
    Safeguard(
        name="rules that are not there are missed",
        row="rules",
        file="emla/formats/schema.py",
        old="        if self.instruments.codes and (",
        new="        if not self.instruments.codes and (",
        held_by=(
            f"{_SCHEMA}::test_a_folder_from_which_something_is_missing_is_refused_and_not_used_without_it[rules]",
        ),
    ),
)
