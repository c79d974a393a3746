"""What was logged for an application goes with its data."""

from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from insula.core.log_files import LogFiles
from insula.fleet.configuration import Configuration
from insula.server.provisioner import LocalProvisioner


async def test_a_removed_application_leaves_no_log(provisioner: LocalProvisioner, folder: Path) -> None:
    files = LogFiles(folder / "logs")
    files.append("shop", ["of one that is removed"])
    files.append("bank", ["of another"])
    asked = Configuration(
        "shop", str(uuid4()), database={"dialect": "sqlite", "storage": str(folder / "shop.sqlite")}
    )
    made = await provisioner.prepare(asked)
    assert files.last("shop", 1) == ["of one that is removed"]
    await provisioner.remove(replace(asked, database=made))
    assert files.last("shop", 1) == []
    assert files.last("bank", 1) == ["of another"]
