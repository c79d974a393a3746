"""The words of MariaDB (10.6 and later), which are MySQL's but for the name of the collation."""

from insula.data.dialects.mysql import Mysql


class Mariadb(Mysql):
    """MariaDB."""

    collation = "utf8mb4_nopad_bin"


WORDS = Mariadb()
