"""The table of all operators of the protocol.

``docs/reference/filters.md`` is generated from it. An operator whose name says «not» and that has a twin is its
exact opposite: records without a value fit it. ``$dateNotBefore`` and ``$dateNotAfter`` are comparisons of their
own and, as all comparisons, do not hold for records without a value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from insula.data.filters import arrays, dates, general, text
from insula.data.filters.base import Operator

_SCALARS = frozenset(("text", "number", "boolean", "date", "other"))
_LISTS = frozenset(("array", "json"))
_ANY = _SCALARS | _LISTS
_ORDERED = frozenset(("text", "number", "date", "other"))
_TEXT = frozenset(("text",))
_BOOLEAN = frozenset(("boolean",))
_DATE = frozenset(("date",))
_RELATION = frozenset(("relation",))

_NULL = frozenset(("null", "list or null"))
_YES = frozenset(("yes",))
_NO = frozenset(("no",))

_VALUE = "a value of the field"
_FLAG = "`true` (`false` for the opposite)"
_PART = "text, or a list of texts of which one is enough"
_PATTERN = "a regular expression"
_WHEN = "a date or period"

_POSITIVE = (
    Operator(
        "$eq",
        _ANY,
        general.prepare_equal,
        general.build_equal,
        "is the given one; `null` means that there is none",
        f"{_VALUE}, `null`, or a list (as `$in`)",
        of_null=_NULL,
    ),
    Operator(
        "$in",
        _ANY,
        general.prepare_list,
        general.build_equal,
        "is one of the list; `null` in the list means none",
        "a list of values",
        of_null=_NULL,
    ),
    Operator(
        "$empty",
        _ANY | _RELATION,
        general.prepare_flag,
        general.build_empty,
        "is missing, or an empty text, list or object; for a relation: as `$notExists`",
        _FLAG,
        of_null=_YES,
        casts="any",
    ),
    Operator(
        "$exists",
        _ANY | _RELATION,
        general.prepare_flag,
        general.build_present,
        "exists: a related record, or a value",
        _FLAG,
        of_null=_NO,
        casts="any",
    ),
    Operator(
        "$col",
        _SCALARS,
        general.prepare_other_column,
        general.build_other_column,
        "equals that of another field of the same record",
        "the name of a field",
    ),
    Operator(
        "$isTruly",
        _BOOLEAN,
        general.prepare_flag,
        general.build_truly,
        "is true",
        _FLAG,
        of_null=_NO,
        casts="boolean",
    ),
    Operator("$gt", _ORDERED, general.prepare_value, general.build_greater, "is greater", _VALUE),
    Operator(
        "$gte", _ORDERED, general.prepare_value, general.build_greater_or_equal, "is greater or equal", _VALUE
    ),
    Operator("$lt", _ORDERED, general.prepare_value, general.build_less, "is less", _VALUE),
    Operator(
        "$lte", _ORDERED, general.prepare_value, general.build_less_or_equal, "is less or equal", _VALUE
    ),
    Operator(
        "$between",
        _ORDERED,
        general.prepare_between,
        general.build_between,
        "lies between two, both included; `null` leaves an end open",
        "`[from, to]`",
    ),
    Operator(
        "$includes",
        _TEXT,
        text.part("%", "%"),
        text.like(folded=True),
        "contains the text, without regard to case",
        _PART,
        casts="text",
    ),
    Operator(
        "$startsWith",
        _TEXT,
        text.part("", "%"),
        text.like(folded=True),
        "begins with the text, without regard to case",
        _PART,
        casts="text",
    ),
    Operator(
        "$endsWith",
        _TEXT,
        text.part("%", ""),
        text.like(folded=True),
        "ends with the text, without regard to case",
        _PART,
        casts="text",
    ),
    Operator(
        "$like",
        _TEXT,
        text.prepare_like,
        text.like(folded=False),
        "fits the pattern of SQL's LIKE (`%`, `_`, `\\` before a literal one); contains the text where it has "
        "no wildcard",
        _PART,
        casts="text",
    ),
    Operator(
        "$iLike",
        _TEXT,
        text.prepare_folded_like,
        text.like(folded=True),
        "as `$like`, without regard to case",
        _PART,
        casts="text",
    ),
    Operator(
        "$regexp",
        _TEXT,
        text.prepare_pattern,
        text.regexp(folded=False),
        "has a part that matches the pattern",
        _PATTERN,
        casts="text",
    ),
    Operator(
        "$iRegexp",
        _TEXT,
        text.prepare_pattern,
        text.regexp(folded=True),
        "as `$regexp`, without regard to case",
        _PATTERN,
        casts="text",
    ),
    Operator("$dateOn", _DATE, dates.prepare_day, dates.build_on, "lies in the day or period", _WHEN),
    Operator(
        "$dateBefore",
        _DATE,
        dates.prepare_start,
        dates.build_before,
        "lies before the beginning of the period",
        _WHEN,
    ),
    Operator(
        "$dateNotBefore",
        _DATE,
        dates.prepare_start,
        dates.build_from,
        "lies at the beginning of the period or later",
        _WHEN,
    ),
    Operator(
        "$dateAfter", _DATE, dates.prepare_end, dates.build_from, "lies after the end of the period", _WHEN
    ),
    Operator(
        "$dateNotAfter",
        _DATE,
        dates.prepare_end,
        dates.build_before,
        "lies before the end of the period",
        _WHEN,
    ),
    Operator(
        "$dateBetween",
        _DATE,
        dates.prepare_date_between,
        dates.build_on,
        "lies between two dates, both included unless brackets say otherwise",
        '`[from, to]`, `[from, to, "[)"]`, `"[from, to)"`, or a period',
    ),
    Operator(
        "$match",
        _LISTS,
        arrays.prepare_members,
        arrays.build_match,
        "has just the members of the list, in whatever order",
        "a list",
    ),
    Operator(
        "$anyOf",
        _LISTS,
        arrays.prepare_members,
        arrays.build_any_of,
        "has at least one member of the list",
        "a list",
    ),
)


def _opposite(name: str, of: str, meaning: str, by_name: Mapping[str, Operator]) -> Operator:
    return replace(by_name[of], name=name, negates=of, meaning=meaning)


_OPPOSITES = (
    ("$ne", "$eq", "is another one, or missing"),
    ("$notIn", "$in", "is none of the list, or missing"),
    ("$notEmpty", "$empty", "is neither missing nor an empty text, list or object"),
    ("$notExists", "$exists", "does not exist: no related record, or no value"),
    ("$isFalsy", "$isTruly", "is false or missing"),
    ("$notBetween", "$between", "lies outside, or is missing"),
    ("$notIncludes", "$includes", "does not contain the text, or is missing"),
    ("$notStartsWith", "$startsWith", "does not begin with the text, or is missing"),
    ("$notEndsWith", "$endsWith", "does not end with the text, or is missing"),
    ("$notLike", "$like", "does not fit the pattern, or is missing"),
    ("$notILike", "$iLike", "as `$notLike`, without regard to case"),
    ("$notRegexp", "$regexp", "has no part that matches, or is missing"),
    ("$notIRegexp", "$iRegexp", "as `$notRegexp`, without regard to case"),
    ("$dateNotOn", "$dateOn", "lies outside of the day or period, or is missing"),
    ("$notMatch", "$match", "has other members than the list, or is missing"),
    ("$noneOf", "$anyOf", "has no member of the list, or is missing"),
)

_ALIASES = {
    "$is": "$eq",
    "$not": "$ne",
    "$endWith": "$endsWith",
    "$notEndWith": "$notEndsWith",
    "$notStatsWith": "$notStartsWith",
    "$arrayEmpty": "$empty",
    "$arrayNotEmpty": "$notEmpty",
}
"""Other names of the protocol for the same; ``$notStatsWith`` is how its published pages spell it."""


def _table() -> Iterator[Operator]:
    positive = {operator.name: operator for operator in _POSITIVE}
    opposite = {name: _opposite(name, of, meaning, positive) for name, of, meaning in _OPPOSITES}
    both = positive | opposite
    yield from both.values()
    for name, of in _ALIASES.items():
        families = _LISTS if name.startswith("$array") else both[of].families
        yield replace(both[of], name=name, families=families, meaning=f"as `{of}`")


OPERATORS: Mapping[str, Operator] = MappingProxyType({operator.name: operator for operator in _table()})
"""Name → operator."""
