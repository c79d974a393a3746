"""What is taken as text in one line."""

import pytest

from insula.core.text import in_one_line


@pytest.mark.parametrize(
    "text", ["", "Corner shop", "متجر الزاوية", "می\u200cخواهم", "👩\u200d👩\u200d👧 Family", "Café ☕\ufe0f"]
)
def test_what_people_write(text: str) -> None:
    assert in_one_line(text)


@pytest.mark.parametrize("text", ["a\nb", "a\x00", "\x1b[31m", "a\u202eb", "a\u2028b", "\ud800"])
def test_what_steers_or_breaks(text: str) -> None:
    assert not in_one_line(text)
