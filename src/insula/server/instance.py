"""Which installation a process is, and which of its lives: kept in the storage folder, which one process holds.

A folder that was copied has another inode: whoever starts in the copy does not take the original's last life for its own.
"""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from socket import gethostname
from typing import Final
from uuid import uuid4

from insula.core.ids import random_id
from insula.fleet.lease import Life
from insula.server.errors import StorageUnreachable

_log = logging.getLogger(__name__)

FILE: Final = "instance"
_LIFE_LENGTH: Final = 16


def begin_life(folder: Path) -> Life:
    """A new life of the instance that the folder belongs to; a new instance where there is none yet.

    Only while the folder is held: then the life before this one has ended. Raises ``StorageUnreachable``.
    """
    path = folder / FILE
    try:
        here = folder.stat().st_ino
        kept = _read(path)
        before = str(kept.get("life", "")) if kept.get("folder") == here else ""
        at = f"host {gethostname()}, process {os.getpid()}"
        life = Life(str(kept.get("instance") or uuid4()), random_id(_LIFE_LENGTH), before, at)
        draft = path.with_suffix(".new")
        draft.write_text(json.dumps({"instance": life.instance, "life": life.id, "folder": here}) + "\n")
        draft.rename(path)
    except OSError as error:
        raise StorageUnreachable(path=folder, cause=error.strerror) from None
    return life


def _read(path: Path) -> dict[str, object]:
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError:
        _log.warning("%s can not be read; this is a new instance from now on", path)
        return {}
    return kept if isinstance(kept, dict) else {}
