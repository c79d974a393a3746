"""Drivers are imported only for the dialect that is used."""

import subprocess
import sys


def test_no_driver_before_it_is_needed() -> None:
    program = (
        "import sys; from insula.database.engine import open_database; from insula.database.dialects import dialect;"
        "assert 'asyncpg' not in sys.modules; dialect('sqlite'); assert 'asyncpg' not in sys.modules;"
        "assert 're2' not in sys.modules; dialect('postgres'); assert 'asyncpg' in sys.modules;"
        "assert 'asyncmy' not in sys.modules; dialect('mariadb'); assert 'asyncmy' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
