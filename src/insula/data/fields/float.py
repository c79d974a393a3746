"""``float``: as ``double``. 32 bits would give 0.1 back as 0.10000000149, so it has 64 too."""

from insula.data.fields.double import Double


class Float(Double):
    name = "float"
    widens_to = frozenset({"double"})
