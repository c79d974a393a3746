"""The ways in which files write days and moments, and how each is read.

A layout of a column is found from all its values together, since ``01/02/2020`` alone does not say
which of the two is the month.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

ISO = "ISO 8601"

MONTH_FIRST = "%m/%d/%Y"
DAY_FIRST = "%d/%m/%Y"
ORDERS = {"mdy": MONTH_FIRST, "dmy": DAY_FIRST}
"""What may be said of numbers with slashes, whose order only some values give away: ``31/12/2020``."""
DAY_LAYOUTS = ("%Y/%m/%d", "%d.%m.%Y", MONTH_FIRST, DAY_FIRST, "%b %d %Y", "%d %b %Y", "%B %d, %Y")
"""``strptime`` layouts of days beside ISO's."""
_TIMES = ("", " %H:%M", " %H:%M:%S")


@dataclass(frozen=True, slots=True)
class Reading:
    """How the values of a column are read: the storage type it gives, and the layout."""

    type: str
    """``dateOnly``, ``datetimeTz`` or ``datetimeNoTz``."""
    layout: str
    ambiguous: bool = False
    """All values could as well be read with day and month exchanged, and would be other days then."""


def recognise(values: Iterable[str], order: str | None = None) -> Reading | None:
    """The first reading that fits all of ``values``; ``None`` when they are no dates.

    ``order``: one of ``ORDERS``, where it is known.
    """
    values = list(dict.fromkeys(values))
    if not values or not all(any(c.isdigit() for c in value) for value in values):
        return None
    if _all(values, _iso_day):
        return Reading("dateOnly", ISO)
    if all(len(value) >= len("2020-01-01T00") for value in values) and _all(values, datetime.fromisoformat):
        zoned = [datetime.fromisoformat(value).tzinfo is not None for value in values]
        if all(zoned):
            return Reading("datetimeTz", ISO)
        return None if any(zoned) else Reading("datetimeNoTz", ISO)
    excluded = set(ORDERS.values()) - {ORDERS[order]} if order else set()
    for time in _TIMES:
        for day in DAY_LAYOUTS:
            reading = Reading("datetimeNoTz" if time else "dateOnly", day + time)
            if day not in excluded and _all(values, reader(reading)):
                return replace(reading, ambiguous=order is None and _is_ambiguous(values, reading))
    return None


def _is_ambiguous(values: list[str], reading: Reading) -> bool:
    """``values`` fit the reading with the month first, which is tried before the other."""
    if not reading.layout.startswith(MONTH_FIRST):
        return False
    other = replace(reading, layout=DAY_FIRST + reading.layout.removeprefix(MONTH_FIRST))
    read, otherwise = reader(reading), reader(other)
    return _all(values, otherwise) and any(read(value) != otherwise(value) for value in values)


def _iso_day(value: str) -> date:
    if len(value) != len("2020-01-01"):
        raise ValueError("must be a day such as 2026-01-31")
    return date.fromisoformat(value)


def _all(values: Iterable[str], read: Callable[[str], object]) -> bool:
    try:
        for value in values:
            read(value)
    except ValueError:
        return False
    return True


def reader(reading: Reading) -> Callable[[str], date | datetime]:
    """A function from text to the Python value. It raises ``ValueError`` with the reason."""
    if reading.layout == ISO:
        return {"dateOnly": _iso_day, "datetimeTz": _iso_zoned, "datetimeNoTz": _iso_plain}[reading.type]
    return _Patterned(reading)


def _milliseconds(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _iso_zoned(value: str) -> datetime:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return _milliseconds(moment.astimezone(UTC))


def _iso_plain(value: str) -> datetime:
    return _milliseconds(datetime.fromisoformat(value).replace(tzinfo=None))


class _Patterned:
    """Reads by a ``strptime`` layout; days repeat in files, so each text is read once."""

    _REMEMBERED = 50_000

    def __init__(self, reading: Reading) -> None:
        self._layout = reading.layout
        self._day = reading.type == "dateOnly"
        self._zoned = reading.type == "datetimeTz"
        self._seen: dict[str, date | datetime] = {}

    def __call__(self, value: str) -> date | datetime:
        if (known := self._seen.get(value)) is not None:
            return known
        try:
            moment = datetime.strptime(value, self._layout).replace(tzinfo=UTC)
        except ValueError:
            raise ValueError(f"must be written as {self._layout}") from None
        read = moment.date() if self._day else moment if self._zoned else moment.replace(tzinfo=None)
        if len(self._seen) < self._REMEMBERED:
            self._seen[value] = read
        return read
