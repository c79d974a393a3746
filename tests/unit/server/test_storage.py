"""The storage folder: one process at a time, and a key that is never made twice."""

import fcntl
import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from insula.server.errors import (
    AddressUnusable,
    AppKeyMissing,
    AppKeyUnreadable,
    PortInUse,
    SocketPathTooLong,
    StorageInUse,
    StorageUnreachable,
)
from insula.server.sockets import bind_tcp, bound_unix, socket_path
from insula.server.storage import StorageLock, app_key, has_key, missing_folders, open_folder, wrong_key


def test_the_folder_is_made_with_its_parents(tmp_path: Path) -> None:
    assert open_folder(tmp_path / "a" / "b").is_dir()


def test_a_folder_that_everyone_may_write_to_is_warned_about(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    open_folder(tmp_path)
    assert caplog.text == ""
    tmp_path.chmod(0o777)
    open_folder(tmp_path)
    assert f"everyone may write to the storage folder {tmp_path}" in caplog.text


@pytest.mark.parametrize("place", ["file", "file/below", "/proc/insula"])
def test_a_folder_that_can_not_be_is_one_sentence(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageUnreachable, match="name a folder that this user may write to"):
        open_folder(tmp_path / place)


def test_a_second_holder_learns_the_process_id_of_the_first(tmp_path: Path) -> None:
    with StorageLock(tmp_path), pytest.raises(StorageInUse, match=f"used by the process {os.getpid()};"):
        StorageLock(tmp_path).__enter__()
    with StorageLock(tmp_path):
        pass


def test_a_refused_start_takes_the_folders_that_it_made_away_again(tmp_path: Path) -> None:
    wanted = tmp_path / "kept" / "a" / "b"
    (tmp_path / "kept").mkdir()
    made = missing_folders(wanted)
    assert made == (wanted, wanted.parent)
    with pytest.raises(PortInUse), StorageLock(open_folder(wanted), made):
        raise PortInUse(host="x", port=1, other=2)
    assert list((tmp_path / "kept").iterdir()) == []


def test_a_folder_that_was_there_or_in_which_something_was_kept_stays(tmp_path: Path) -> None:
    old, used = tmp_path / "old", tmp_path / "used"
    old.mkdir()
    with pytest.raises(PortInUse), StorageLock(open_folder(old), missing_folders(old)):
        raise PortInUse(host="x", port=1, other=2)
    made = missing_folders(used)
    with pytest.raises(PortInUse), StorageLock(open_folder(used), made):
        app_key(used, None)
        raise PortInUse(host="x", port=1, other=2)
    assert old.is_dir()
    assert (used / "app_key").is_file()


def test_a_lock_on_a_file_that_was_taken_away_is_taken_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = fcntl.flock
    taken: list[int] = []

    def flock(descriptor: int, how: int) -> None:
        lock(descriptor, how)
        taken.append(descriptor)
        if len(taken) == 1:
            (tmp_path / "insula.lock").unlink()

    monkeypatch.setattr("insula.server.storage.fcntl.flock", flock)
    with StorageLock(tmp_path):
        assert len(taken) == 2
        with pytest.raises(StorageInUse):
            StorageLock(tmp_path).__enter__()


def test_a_lock_ends_with_its_process(tmp_path: Path) -> None:
    hold = "import sys, pathlib; from insula.server.storage import StorageLock\n"
    hold += "StorageLock(pathlib.Path(sys.argv[1])).__enter__(); import os; os._exit(0)"
    subprocess.run([sys.executable, "-c", hold, str(tmp_path)], check=True)
    with StorageLock(tmp_path):
        pass


def test_the_key_is_made_once_and_readable_to_its_owner_alone(tmp_path: Path) -> None:
    key = app_key(tmp_path, None)
    assert len(key) == 64
    assert app_key(tmp_path, None) == key
    assert stat.S_IMODE((tmp_path / "app_key").stat().st_mode) == 0o600
    assert app_key(tmp_path, "given") == "given"


@pytest.mark.parametrize("content", [b"", b"short\n", b"\xff" * 64])
def test_a_damaged_key_is_not_replaced(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "app_key").write_bytes(content)
    with pytest.raises(AppKeyUnreadable):
        app_key(tmp_path, None)
    assert (tmp_path / "app_key").read_bytes() == content


def test_no_key_is_made_where_something_is_sealed_already(tmp_path: Path) -> None:
    with pytest.raises(AppKeyMissing, match="neither in .*app_key nor in APP_KEY; restore the file"):
        app_key(tmp_path, None, makes=False)
    assert not has_key(tmp_path, None)
    assert app_key(tmp_path, "given", makes=False) == "given"


@pytest.mark.parametrize("mode", [0o644, 0o660])
def test_a_key_that_others_could_read_is_made_private(
    tmp_path: Path, mode: int, caplog: pytest.LogCaptureFixture
) -> None:
    key = app_key(tmp_path, None)
    path = tmp_path / "app_key"
    path.chmod(mode)
    assert app_key(tmp_path, None) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert f"others could read the key {path} (mode {mode:04o})" in caplog.text
    caplog.clear()
    app_key(tmp_path, None)
    assert caplog.text == ""


@pytest.mark.parametrize("given", [None, "given"])
def test_a_wrong_key_is_named_with_the_remedy(tmp_path: Path, given: str | None) -> None:
    (tmp_path / "app_key").touch()
    said = wrong_key(tmp_path, given).message
    assert str(tmp_path / "app_key") in said
    assert "set APP_KEY to the key that was used before" in said


def test_a_key_that_was_half_written_does_not_disturb(tmp_path: Path) -> None:
    (tmp_path / "app_key.new").write_text("half")
    assert len(app_key(tmp_path, None)) == 64


def test_a_port_in_use_is_one_sentence() -> None:
    with bind_tcp("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(PortInUse, match=f"listens on 127.0.0.1:{port}; stop it, or choose another port"):
            bind_tcp("127.0.0.1", port)


@pytest.mark.parametrize("host", ["203.0.113.7", "no such host", "2001:db8::1"])
def test_an_address_of_another_machine_is_one_sentence(host: str) -> None:
    with pytest.raises(AddressUnusable, match="INSULA_HOST"):
        bind_tcp(host, 0)


def test_the_operators_socket_is_private_replaces_a_stale_one_and_goes(tmp_path: Path) -> None:
    path = socket_path(tmp_path)
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))
    with bound_unix(tmp_path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not path.exists()


def test_a_path_too_long_for_a_socket_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SocketPathTooLong, match="choose a shorter STORAGE_PATH"):
        socket_path(tmp_path / ("x" * 120))
