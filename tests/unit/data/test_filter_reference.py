"""The reference page says what the table of operators says."""

from pathlib import Path

from insula.data.filters.operators import OPERATORS
from insula.data.filters.reference import page

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "filters.md"

PROTOCOL = """
$eq $ne $in $notIn $is $not $empty $notEmpty $col $isTruly $isFalsy $gt $gte $lt $lte $between $notBetween
$includes $notIncludes $startsWith $notStartsWith $endsWith $endWith $notEndsWith $notEndWith $like $notLike
$iLike $notILike $regexp $notRegexp $iRegexp $notIRegexp $dateOn $dateNotOn $dateBefore $dateNotBefore $dateAfter
$dateNotAfter $dateBetween $match $notMatch $anyOf $noneOf $arrayEmpty $arrayNotEmpty $exists $notExists
"""


def test_the_page_is_the_one_that_the_table_makes() -> None:
    assert PAGE.read_text() == page(), (
        "run: python -m insula.data.filters.reference > docs/reference/filters.md"
    )


def test_every_operator_of_the_protocol_is_there() -> None:
    assert set(PROTOCOL.split()) <= set(OPERATORS)
