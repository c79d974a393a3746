"""Expressions of formulas: parsed once, checked, and worked out with bounded effort.

They are written as in Python or a spreadsheet: ``{{price}} * {{qty}}``, ``IF(done, 'yes', 'no')``. Fields stand in
double braces, or bare where their name allows it. There are no loops, attributes, indexes or assignments, so
the effort is bounded by the length of the expression and the size of numbers and texts.
"""

from __future__ import annotations

import ast
import datetime as dt
import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

MAX_CHARACTERS = 1_000
MAX_NODES = 300
MAX_DEPTH = 30
MAX_TEXT = 10_000
"""Characters of a text on the way."""
MAX_POWER = 1_024
"""The greatest exponent."""
MAX_BITS = 4_096
"""Bits of a whole number on the way."""

_REFERENCE = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_MARK = "__"
"""Begins the names that stand for fields in braces; no field's name begins so."""

_NODES: tuple[type[ast.AST], ...] = (
    *(ast.Expr, ast.Constant, ast.Name, ast.Load, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp),
    *(ast.Call, ast.operator, ast.unaryop, ast.boolop, ast.cmpop),
)


@dataclass(frozen=True, slots=True)
class Expression:
    """A checked expression."""

    text: str
    fields: frozenset[str]
    """Names of the fields that it reads."""
    tree: ast.Expr
    names: Mapping[str, str]
    """Name in the tree → field."""


@lru_cache(maxsize=1024)
def parsed(text: str) -> Expression:
    """Raises ``ValueError`` with a reason that follows «an expression that»."""
    if len(text) > MAX_CHARACTERS:
        raise ValueError(f"is longer than {MAX_CHARACTERS} characters")
    marks: dict[str, str] = {}

    def marked(match: re.Match[str]) -> str:
        mark = f"{_MARK}{len(marks)}"
        marks[mark] = match[1]
        return f" {mark} "

    try:
        body = ast.parse(_REFERENCE.sub(marked, text).strip()).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ValueError("can not be read") from None
    if len(body) != 1 or not isinstance(body[0], ast.Expr):
        raise ValueError("is not one single expression")
    tree = body[0]
    functions = _check(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and id(node) not in functions:
            if node.id.startswith(_MARK) and node.id not in marks:
                raise ValueError("can not be read")
            marks.setdefault(node.id, node.id)
    return Expression(text, frozenset(marks.values()), tree, marks)


def _check(tree: ast.Expr) -> set[int]:
    """Only what is known, and not too much of it. Gives the ids of the nodes that name functions."""
    functions: set[int] = set()
    level: list[ast.AST] = [tree]
    count = depth = 0
    while level:
        depth += 1
        count += len(level)
        if count > MAX_NODES or depth > MAX_DEPTH:
            raise ValueError("is too long or too deep")
        for node in level:
            if not isinstance(node, _NODES) or isinstance(node, _FORBIDDEN):
                raise ValueError(f"has a part that is not supported ({type(node).__name__})")
            if isinstance(node, ast.Constant) and not isinstance(
                node.value, str | int | float | bool | type(None)
            ):
                raise ValueError("has a constant that is neither text nor number")
            if isinstance(node, ast.Call):
                functions.add(id(_function(node)))
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    return functions


def _function(call: ast.Call) -> ast.Name:
    if not isinstance(call.func, ast.Name) or call.keywords:
        raise ValueError("has a part that is not supported (a call of something that is no function)")
    name = call.func.id.lower()
    if name not in FUNCTIONS:
        raise ValueError(f'has an unknown function "{call.func.id}" (known: {", ".join(sorted(FUNCTIONS))})')
    call.func.id = name
    return call.func


def worked_out(expression: Expression, values: Mapping[str, Any]) -> Any:
    """The value for a record's ``values``; ``None`` where a value that it needs is missing.

    Numbers are exact where one of the values is decimal. Raises ``ValueError`` with the reason.
    """
    from simpleeval import InvalidExpression, SimpleEval  # type: ignore[import-untyped]

    names = {name: values.get(field) for name, field in expression.names.items()}
    exact = any(isinstance(value, Decimal) for value in names.values())
    if exact:
        names = {name: _exact(value) for name, value in names.items()}
    evaluator = SimpleEval(operators=_OPERATORS, functions=FUNCTIONS, names=names)
    if exact:
        evaluator.nodes[ast.Constant] = lambda node: _exact(node.value)
    try:
        return evaluator.eval(expression.text, expression.tree)
    except TypeError:
        if any(value is None for value in names.values()):
            return None
        raise ValueError("does not fit the types of its values") from None
    except ZeroDivisionError:
        raise ValueError("divides by zero") from None
    except (ArithmeticError, InvalidExpression):
        raise ValueError("has no result that is a number") from None


def _exact(value: Any) -> Any:
    return Decimal(repr(value)) if isinstance(value, float) else value


def _add(left: Any, right: Any) -> Any:
    if isinstance(left, str) and isinstance(right, str) and len(left) + len(right) > MAX_TEXT:
        raise ValueError(f"makes a text of more than {MAX_TEXT} characters")
    return left + right


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise TypeError("no number")
    if value != value:
        raise ArithmeticError("not a number")
    return value


def _multiply(left: Any, right: Any) -> Any:
    return _number(left) * _number(right)


def _remainder(left: Any, right: Any) -> Any:
    return _number(left) % _number(right)


def _power(base: Any, exponent: Any) -> Any:
    if abs(_number(exponent)) > MAX_POWER or (
        isinstance(_number(base), int)
        and isinstance(exponent, int)
        and base.bit_length() * abs(exponent) > MAX_BITS
    ):
        raise ValueError("has a power that is too great")
    if base == 0 and exponent < 0:
        raise ZeroDivisionError
    result = base**exponent
    if isinstance(result, complex):
        raise ArithmeticError("no real number")
    return result


_OPERATORS: Mapping[type[ast.AST], Callable[..., Any]] = {
    ast.Add: _add,
    ast.Sub: operator.sub,
    ast.Mult: _multiply,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: _remainder,
    ast.Pow: _power,
    ast.BitXor: _power,  # as spreadsheets write it
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
    ast.Not: operator.not_,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_FORBIDDEN = (
    *(ast.MatMult, ast.LShift, ast.RShift, ast.BitOr, ast.BitAnd, ast.Invert),
    *(ast.In, ast.NotIn, ast.Is, ast.IsNot),
)


def _round(value: Any, digits: Any = 0) -> Any:
    if not isinstance(digits, int) or abs(digits) > 30:
        raise ValueError("rounds to more than 30 digits")
    number = _number(value)
    if isinstance(number, float) and not math.isfinite(number):
        raise ArithmeticError("no finite number")
    unit = Decimal(1).scaleb(-digits)
    rounded = (Decimal(repr(number)) if isinstance(number, float) else Decimal(number)).quantize(
        unit, rounding=ROUND_HALF_UP
    )
    if isinstance(number, Decimal):
        return rounded
    return int(rounded) if digits <= 0 else float(rounded)


def as_text(value: Any) -> str:
    """Nothing is the empty text. Raises ``ValueError`` for numbers of very many digits."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and value.bit_length() > MAX_BITS:
        raise ValueError("has a number that is too great")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value.isoformat() if isinstance(value, dt.date | dt.time) else str(value)


def _concat(*values: Any) -> str:
    text = "".join(map(as_text, values))
    if len(text) > MAX_TEXT:
        raise ValueError(f"makes a text of more than {MAX_TEXT} characters")
    return text


def _days(end: Any, start: Any) -> int:
    """Whole days from one date to another."""
    between = end - start
    if not isinstance(between, dt.timedelta):
        raise TypeError("no dates")
    return between.days


def _part_of_date(name: str) -> Callable[[Any], Any]:
    def part(date: Any) -> Any:
        if date is not None and not isinstance(date, dt.date):
            raise TypeError("no date")
        return None if date is None else getattr(date, name)

    return part


def _of_text(function: Callable[[str], Any]) -> Callable[[Any], Any]:
    def checked(value: Any) -> Any:
        if not isinstance(value, str):
            raise TypeError("no text")
        return function(value)

    return checked


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": lambda value: abs(_number(value)),
    "average": lambda *values: sum(map(_number, values)) / len(values),
    "ceil": lambda value: math.ceil(_number(value)),
    "coalesce": lambda *values: next((value for value in values if value is not None), None),
    "concat": _concat,
    "day": _part_of_date("day"),
    "days": _days,
    "floor": lambda value: math.floor(_number(value)),
    "if": lambda condition, yes, no: yes if condition else no,
    "len": _of_text(len),
    "lower": _of_text(str.lower),
    "max": lambda first, *others: max((first, *others)),
    "min": lambda first, *others: min((first, *others)),
    "month": _part_of_date("month"),
    "round": _round,
    "sum": lambda *values: sum(map(_number, values)),
    "text": as_text,
    "trim": _of_text(str.strip),
    "upper": _of_text(str.upper),
    "year": _part_of_date("year"),
}
"""Functions by name; in expressions written in small or capital letters."""
