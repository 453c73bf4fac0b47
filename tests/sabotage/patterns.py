"""P4: the decision is that of the rules that match, so a pattern matches what it says. P8: one body, one target."""

from __future__ import annotations

from tests.sabotage.bug import Bug

_PATTERNS = "tests/remediation/test_patterns.py"
_PROPERTIES = "tests/remediation/test_pattern_properties.py"
_OPERATORS = "remediation/pattern_operators.py"

MATCHED = (
    Bug(
        "a-key-that-is-not-there-is-no-matter",
        "P4",
        _OPERATORS,
        "if value is _MISSING or not condition.accepts(value):",
        "if value is not _MISSING and not condition.accepts(value):",
        (f"{_PATTERNS}::test_the_first_condition_that_failed_is_said_with_the_value_that_is_there",),
    ),
    Bug(
        "true-is-one",
        "P4",
        _OPERATORS,
        "(kind, found) in self.exact:",
        "found in [value for _, value in self.exact]:",
        (f"{_PATTERNS}::test_values_are_compared_with_jsons_types_and_as_they_are_written",),
    ),
    Bug(
        "one-of-several-is-contained",
        "P4",
        _OPERATORS,
        "all(part in found for part in self.parts)",
        "any(part in found for part in self.parts)",
        (f"{_PATTERNS}::test_the_first_condition_that_failed_is_said_with_the_value_that_is_there",),
    ),
    Bug(
        "a-type-in-its-other-spelling-never-matches",
        "P4",
        "remediation/patterns.py",
        "value = spell(place.key, value)",
        "spell(place.key, value)",
        (f"{_PATTERNS}::test_a_type_is_compared_in_its_one_spelling_and_a_part_of_one_as_it_is_written",),
    ),
    Bug(
        "a-wider-rule-counts-as-covered",
        "P4",
        "remediation/subsumption.py",
        "key in asked and _condition_covers(",
        "key not in asked or _condition_covers(",
        (f"{_PROPERTIES}::test_a_pattern_that_is_exactly_subsumed_is_covered_and_not_the_other_way_round",),
    ),
    Bug(
        "of-two-subjects-the-last-counts",
        "P8",
        "remediation/strict_json.py",
        "if len(built) < len(pairs):",
        "if not pairs and built:",
        (
            "tests/starter/test_bad_input.py::test_a_key_that_is_there_twice_is_rejected_since_nobody_knows_which_is_meant",
        ),
    ),
)
