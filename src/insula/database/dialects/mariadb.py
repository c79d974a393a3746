"""MariaDB (10.6 and later): as MySQL, with more of what the other dialects have."""

from insula.database.dialects.mysql import Mysql, SqlAlchemyDialect


class Mariadb(Mysql):
    """MariaDB."""

    name = "mariadb"
    returning = frozenset({"insert", "delete"})
    mariadb = True


Mariadb.sqlalchemy = SqlAlchemyDialect(mariadb=True)
DIALECT = Mariadb()
Mariadb.sqlalchemy.insula = DIALECT
