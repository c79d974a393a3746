"""Regular expressions: what is refused, and how the same pattern is written for PostgreSQL."""

import pytest

from insula.data.filters.patterns import MAX_PATTERN_CHARACTERS, checked_pattern, for_postgres


@pytest.mark.parametrize(
    ("pattern", "postgres"),
    [
        ("^a.*b$", "^a.*b$"),
        ("a|(b)?c+", "a|(b)?c+"),
        ("(?:ab)*?", "(?:ab)*?"),
        ("(?P<x>a)(?<y>b)", "(a)(b)"),
        ("\\bword\\B", "\\yword\\Y"),
        ("\\Aa\\z", "\\Aa\\Z"),
        ("\\d\\D\\w\\W\\s\\S", "\\d\\D\\w\\W\\s\\S"),
        ("\\x41\\x{1F600}", "\\U00000041\\U0001f600"),
        ("\\.\\*\\\\", "\\.\\*\\\\"),
        ("[^a\\]b]", "[^a\\]b]"),
        ("[]a]", "[]a]"),
        ("[[a]", "[\\[a]"),
        ("[[:alpha:]\\d]", "[[:alpha:]\\d]"),
        ("a{2}b{1,}c{1,3}", "a{2}b{1,}c{1,3}"),
        ("a{,3}{x", "a\\{,3\\}\\{x"),
    ],
)
def test_written_for_postgres(pattern: str, postgres: str) -> None:
    assert checked_pattern(pattern) == pattern
    assert for_postgres(pattern) == postgres


@pytest.mark.parametrize(
    "pattern",
    [
        "(",
        "a**",
        "(a)\\1",
        "(?=a)",
        "(?<!a)b",
        "(?i)a",
        "(?s:a)",
        "\\pL",
        "\\Qa\\E",
        "\\C",
        "[\\D]",
        "[[:^alpha:]]",
        "a{1000}",
        "((a{99}){99}){99}",
        "[z-a]",
        "\\",
        "***:a",
        "x" * (MAX_PATTERN_CHARACTERS + 1),
    ],
    ids=lambda value: value[:20],
)
def test_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        checked_pattern(pattern)
