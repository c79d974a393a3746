"""The reference page of filters, made from the table of operators.

``python -m insula.data.filters.reference > docs/reference/filters.md`` writes it; a test compares the two.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable

from insula.data.fields import TYPES
from insula.data.filters import parse, patterns, text
from insula.data.filters.base import MAX_LIST_VALUES, Operator
from insula.data.filters.operators import OPERATORS
from insula.data.filters.shape import MAX_RELATIONS_IN_A_ROW

_FAMILIES = {
    family: " ".join(
        type_.name
        for type_ in TYPES.values()
        if type_.family == family and not type_.hidden and type_.name != "formula"
    )
    for family in ("text", "number", "boolean", "date", "json", "array", "relation")
}

_INTRODUCTION = """\
# Filters

<!-- Made by `python -m insula.data.filters.reference`; edit it there. -->

The parameter `filter` of `list`, `get`, `count`, `query`, `update` and `destroy` is a JSON object (or JSON text, or
nested parameters: `filter[qty][$gt]=5`).

```json
{"qty": {"$gte": 10}, "author.name": {"$includes": "x"}, "$or": [{"done": true}, {"tags": {"name": "red"}}]}
```

- A bare value means `$eq`. Several keys in one object all have to hold. What is empty (`{}`, `[]`) is no condition.
- An operator may also stand behind the name of its field: `{"qty.$gt": 5}` is `{"qty": {"$gt": 5}}`.
- `$and` and `$or` take lists, `$not` takes a filter. Under a field they speak of it: `{"qty": {"$or": [{"$lt": 1},
  {"$gt": 5}]}}`. `$not` over a condition holds wherever the condition does not, missing values included.
- Dotted paths and nested objects reach through relations. Behind a relation **to one**, a missing record counts as one
  without values: `{"author.name": {"$ne": "x"}}` holds for a post without an author. Behind a relation **to many**, the
  condition holds when *some* related record fits; conditions in one object are about one and the same record, items of
  `$and` about each their own. «No tag is red» is `{"$not": {"tags.name": "red"}}`.
- Paths also reach into JSON (`{"meta.size.w": {"$gt": 3}}`); the value decides whether text, number or boolean is compared,
  and what is of another kind counts as missing.
- Values are checked as those of the field are: `"5"` is 5 for a number. What does not fit, what is unknown and what may
  not be seen is answered with 400 (`INVALID_FILTER`, `UNKNOWN_FIELD`).

## Missing values

Comparisons (`$gt`, `$between`, `$includes`, `$dateBefore` …) do not hold for a record without a value. The operators that
begin with «not» and have a twin are its exact opposite, so they do: `$ne`, `$notIn`, `$notIncludes`, `$dateNotOn` …
`$dateNotBefore` and `$dateNotAfter` have none: they are «from» and «until».

## Operators

| operator | fits | the value … | takes | holds when missing |
| --- | --- | --- | --- | --- |
"""

_DETAILS = f"""\

| family | types |
| --- | --- |
{chr(10).join(f"| {name} | `{types}` |" for name, types in _FAMILIES.items())}

A `formula` is of the family of its `dataType`.

Passwords and other hidden fields are never filtered by. A `uuid` is compared as a UUID, and as text by the operators on
text. The operators that begin with `$date` do not fit `time`.

## Text

«Without regard to case» compares each character by itself as its one small letter: `Ä` is `ä`, `K` (kelvin) is `k`, `İ` is `i`, but `ß` is
not `ss`, and accents count. On every dialect, whatever the language (PostgreSQL: as long as the database's locale knows Unicode, as `C.UTF-8` and
nearly all others do). The database itself matches; no function of ours is called for each record. `%` and
`_` are ordinary characters but in the `$like` family, where a pattern with one of them is for the whole value.

Regular expressions are RE2's: no back references, no look-around, no flags within. On SQLite RE2 itself matches; on PostgreSQL
`~` does, with the same pattern after `\\b`, `\\z`, `\\x41`, named groups and braces were rewritten as it reads them. What
can not be rewritten (`\\p{{…}}`, `(?i)`, `\\Q…\\E`, more than 255 repetitions) is refused everywhere. `.` matches a line break; `\\w`, `\\d`, `\\s` and `[[:alpha:]]` mean ASCII on SQLite and MariaDB, and the database's locale on PostgreSQL. MariaDB matches by going back and
forth: where that takes too many steps, the answer is 400 TOO_COMPLEX. Letters that Unicode got after its version 5.2 are there never folded.

## Dates

A date stands for a period as long as its precision: `2026`, `2026-Q2`, `2026-05`, `2026-05-13`, `2026-05-13 10:30`,
`2026-05-13T10:30:00`, `2026-05-13T10:30:00.000Z`. Without a zone it is understood in that of the request (`X-Timezone`). For `$dateOn`
and `$dateNotOn`, a moment names its day.

| period | meaning |
| --- | --- |
| `{{"type": "today"}}`, `yesterday`, `tomorrow` | that day |
| `{{"type": "thisWeek"}}`, `last…`, `next…` with `Week` (or `IsoWeek`), `Month`, `Quarter`, `Year` | that whole week (from Monday), month … |
| `{{"type": "past", "number": 7, "unit": "day"}}` | the 7 whole units (`day week month quarter year`) before this one |
| `{{"type": "next", "number": 7, "unit": "day"}}` | the 7 whole units after this one |
| `["2026-05-01", "2026-05-31"]` | from the beginning of the first to the end of the last; `null` leaves an end open |
| `["2026-05-01", "2026-05-31", "(]", "+08:00"]`, `"(2026-05-01, 2026-05-31]+08:00"` | a round bracket leaves the date itself out; a zone of its own |

## Order

For `sort`, no value is less than every value: records without one come first ascending and last descending. It reaches through
relations to one. The primary key is always the last criterion, in the direction of the one before it. Text is ordered by code points on SQLite and by the database's collation on PostgreSQL.

## Limits

| what | limit |
| --- | --- |
| a filter as text | {parse.MAX_TEXT_CHARACTERS:,} characters |
| nesting | {parse.MAX_DEPTH} levels |
| conditions | {parse.MAX_CONDITIONS} (lists of `$in` are one condition) |
| parts of a path | {parse.MAX_PATH_PARTS} |
| relations through which a condition reaches | {MAX_RELATIONS_IN_A_ROW} in a row; fewer where many conditions do |
| values in a list | {MAX_LIST_VALUES:,} |
| a value of an operator on text | {text.MAX_TEXT_CHARACTERS:,} characters |
| a pattern | {patterns.MAX_PATTERN_CHARACTERS:,} characters |
"""


def page() -> str:
    """The page as Markdown."""
    return _INTRODUCTION + "".join(_rows(OPERATORS.values())) + _DETAILS


def _rows(operators: Iterable[Operator]) -> Iterable[str]:
    for operator in operators:
        yield (
            f"| `{operator.name}` | {_fits(operator)} | {operator.meaning} | {operator.takes} "
            f"| {'yes' if _holds(operator) else 'no'} |\n"
        )


def _fits(operator: Operator) -> str:
    """The families, in the order in which the page lists them."""
    named = [name for name in _FAMILIES if name in operator.families]
    return "all" if len(named) == len(_FAMILIES) else " ".join(named)


def _holds(operator: Operator) -> bool:
    """For an ordinary value (not ``null``, not ``false``)."""
    variant = "yes" if operator.of_null & {"yes", "no"} else "value"
    return operator.holds_for_null(variant)


if __name__ == "__main__":
    sys.stdout.write(page())
