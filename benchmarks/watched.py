"""The server with a watch on its event loop: run as a script it serves; ``Watched`` starts it and asks.

A turn of the loop is what runs between two looks for new requests: nobody is answered meanwhile. Its CPU time,
unlike the time on the clock, hardly depends on what else the machine does.
"""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from insula.testing.instance import Instance

TIMEOUT_S = 30.0
_POLL_S = 0.01


class Watched(Instance):
    """An installation whose processes tell their longest turn."""

    def begin(self) -> subprocess.Popen[bytes]:
        with self.log_path.open("ab") as sink:
            self.process = subprocess.Popen(
                [sys.executable, __file__], env=self.environment, stdout=sink, stderr=sink
            )
        return self.process

    def longest_turn_ms(self) -> float:
        """CPU of the longest turn since this was asked last. Raises ``TimeoutError``."""
        assert self.process is not None
        answer = _answer_path(str(self.storage))
        self.process.send_signal(signal.SIGUSR1)
        deadline = time.monotonic() + TIMEOUT_S
        while not answer.exists():
            if time.monotonic() > deadline:
                raise TimeoutError("the server does not tell its longest turn")
            time.sleep(_POLL_S)
        seconds = float(answer.read_text())
        answer.unlink()
        return seconds * 1e3


def _answer_path(storage: str) -> Path:
    return Path(f"{storage}.turn")


async def _watch() -> None:
    """Take part in every turn, and remember the longest. Answers SIGUSR1."""
    longest_s = 0.0
    asked = False

    def ask() -> None:
        nonlocal asked
        asked = True

    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, ask)
    answer = _answer_path(os.environ["STORAGE_PATH"])
    while True:
        before = time.thread_time()
        await asyncio.sleep(0)
        longest_s = max(longest_s, time.thread_time() - before)
        if asked:
            draft = answer.with_suffix(".draft")
            draft.write_text(str(longest_s))
            draft.replace(answer)
            longest_s, asked = 0.0, False


def main() -> None:
    from insula.server import serve

    serving = serve._serve

    async def watched(*arguments: object) -> None:
        watching = asyncio.create_task(_watch())
        try:
            await serving(*arguments)  # type: ignore[arg-type]
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    serve._serve = watched
    sys.exit(serve.run())


if __name__ == "__main__":
    main()
