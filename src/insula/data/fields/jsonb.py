"""``jsonb``: another name of ``json``, which is stored in the database's best way anyhow."""

from insula.data.fields.json import Json


class Jsonb(Json):
    name = "jsonb"
    widens_to = frozenset({"json"})
