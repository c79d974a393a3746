"""Identifiers fit where they are put, and do not come twice."""

import re

from insula.core import ids


def test_an_application_without_a_name_gets_one_that_is_good_everywhere() -> None:
    made = {ids.application_id() for _ in range(1000)}
    assert len(made) == 1000
    assert all(re.fullmatch(r"a_[0-9a-z]{11}", name) for name in made)


def test_requests_and_people_are_told_apart() -> None:
    assert re.fullmatch(r"[0-9a-f]{16}", ids.request_id())
    assert len({ids.request_id() for _ in range(100)}) == 100
    assert len({ids.subject() for _ in range(100)}) == 100
