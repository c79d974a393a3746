"""Field types: one file each, one table of all of them."""

from collections.abc import Mapping
from types import MappingProxyType

from insula.data.fields.array import Array
from insula.data.fields.base import FieldType
from insula.data.fields.big_int import BigInt
from insula.data.fields.boolean import Boolean
from insula.data.fields.checks import WrongSetting
from insula.data.fields.date import Date
from insula.data.fields.date_only import DateOnly
from insula.data.fields.datetime_no_tz import DatetimeNoTz
from insula.data.fields.datetime_tz import DatetimeTz
from insula.data.fields.decimal import DecimalNumber
from insula.data.fields.double import Double
from insula.data.fields.float import Float
from insula.data.fields.formula import Formula
from insula.data.fields.integer import Integer
from insula.data.fields.json import Json
from insula.data.fields.jsonb import Jsonb
from insula.data.fields.nanoid import Nanoid
from insula.data.fields.password import Password
from insula.data.fields.relations import BelongsTo, BelongsToMany, HasMany, HasOne
from insula.data.fields.sequence import SequenceNumber
from insula.data.fields.set import Set
from insula.data.fields.snowflake_id import SnowflakeId
from insula.data.fields.sort import Sort
from insula.data.fields.string import String
from insula.data.fields.text import Text
from insula.data.fields.time import Time
from insula.data.fields.uid import Uid
from insula.data.fields.unix_timestamp import UnixTimestamp
from insula.data.fields.uuid import Uuid
from insula.data.fields.virtual import Virtual

_ALL: tuple[type[FieldType], ...] = (
    *(String, Text, Integer, BigInt, Float, Double, DecimalNumber, Boolean),
    *(Date, DatetimeTz, DatetimeNoTz, DateOnly, Time, UnixTimestamp),
    *(Json, Jsonb, Array, Set, Uid, Uuid, Nanoid, SnowflakeId, Password, SequenceNumber, Sort),
    *(Formula, Virtual),
    *(BelongsTo, HasOne, HasMany, BelongsToMany),
)

TYPES: Mapping[str, FieldType] = MappingProxyType({type_.name: type_() for type_ in _ALL})
"""Name → the one instance of the type."""


def field_type(name: str) -> FieldType:
    """The type called ``name``. Raises ``ValueError`` with the list of all types."""
    try:
        return TYPES[name]
    except (KeyError, TypeError):
        raise WrongSetting(f"needs a type that is known ({', '.join(TYPES)})", "type") from None
