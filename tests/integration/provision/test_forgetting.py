"""What is kept for an application beside its database goes with it."""

from pathlib import Path

from insula.core.log_files import LogFiles
from insula.server.provisioner import LocalProvisioner


async def test_an_application_that_is_forgotten_leaves_neither_log_nor_files_of_imports(
    provisioner: LocalProvisioner, folder: Path
) -> None:
    files = LogFiles(folder / "logs")
    files.append("shop", ["of one that is removed"])
    files.append("bank", ["of another"])
    for name in ("shop", "bank", "with-database"):
        imports = folder / "apps" / name / "imports"
        imports.mkdir(parents=True)
        (imports / "waiting.csv").write_text("name")
    (folder / "apps" / "with-database" / "with-database.sqlite").write_bytes(b"kept")
    for name in ("shop", "with-database", "never-there"):
        await provisioner.forget(name)
    assert files.last("shop", 1) == []
    assert files.last("bank", 1) == ["of another"]
    left = sorted(str(path.relative_to(folder / "apps")) for path in (folder / "apps").rglob("*.*"))
    assert left == ["bank/imports/waiting.csv", "with-database/with-database.sqlite"]
    assert not (folder / "apps" / "shop").exists()
