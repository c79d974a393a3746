"""``date``: the protocol's older name of ``datetimeTz``."""

from insula.data.fields.datetime_tz import DatetimeTz


class Date(DatetimeTz):
    name = "date"
    widens_to = frozenset({"datetimeTz"})
