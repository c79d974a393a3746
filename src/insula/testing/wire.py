"""A wire between two processes that a test cuts, slows and breaks: a TCP proxy in a process of its own.

``Relay`` is the simpler one, in the test's own process, for a way that opens once.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import subprocess
import sys
from typing import Final, Self

from insula.testing.servers import free_port

_AT_ONE_GO: Final = 65536
_RESET: Final = struct.pack("ii", 1, 0)
"""Of SO_LINGER: a close throws away what is on its way, and tells the other side so."""
_END_S: Final = 10.0


class Wire:
    """Passes connections from ``port`` on to another port of loopback, until it is told otherwise."""

    def __init__(self, target: int) -> None:
        self.port, self.target = free_port(), target
        words = [sys.executable, "-m", "insula.testing.wire", str(self.port), str(target)]
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._answer()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for end in (self.process.stdin, self.process.stdout):
            assert end is not None
            end.close()
        try:
            self.process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def cut(self) -> int:
        """End all connections, and take no new ones. Gives how many there were."""
        return self._tell("cut")

    def mend(self) -> None:
        """Take connections again, and pass on what was held and all that comes, at once."""
        self._tell("mend")

    def reset(self) -> int:
        """End all connections without a word beforehand: what is on its way is lost, in both directions. Gives how many."""
        return self._tell("reset")

    def hold(self) -> int:
        """Pass nothing on, and say nothing of it, as a network does that loses everything. Gives how many are held."""
        return self._tell("hold")

    def slow(self, seconds: float) -> int:
        """Wait so long before each piece of data is passed on, in both directions. Gives how many are slow."""
        return self._tell(f"slow {seconds}")

    def _tell(self, line: str) -> int:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n".encode())
        self.process.stdin.flush()
        return self._answer()

    def _answer(self) -> int:
        """How many connections there were before."""
        assert self.process.stdout is not None
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"the wire at {self.port} has ended")
        return int(answer)


class _Program:
    """What runs in the process."""

    def __init__(self, port: int, target: int) -> None:
        self._port = port
        self._target = target
        self._ends: set[asyncio.StreamWriter] = set()
        self._passes = asyncio.Event()
        self._passes.set()
        self._slow_s = 0.0
        self._server: asyncio.Server | None = None

    async def run(self) -> None:
        """Until nobody is there any more who could tell it something."""
        lines = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
        await self._open()
        _say(0)
        while line := (await lines.readline()).decode().split():
            before = len(self._ends) // 2
            await self._do(*line)
            _say(before)

    async def _open(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._connected, "127.0.0.1", self._port)

    async def _do(self, word: str, given: str = "") -> None:
        match word:
            case "cut":
                if self._server is not None:
                    self._server.close()
                    self._server = None
                self._reset()
            case "reset":
                self._reset()
            case "hold":
                self._passes.clear()
            case "slow":
                self._slow_s = float(given)
            case "mend":
                self._slow_s = 0.0
                self._passes.set()
                await self._open()

    def _reset(self) -> None:
        for end in tuple(self._ends):
            taken = end.get_extra_info("socket")
            with contextlib.suppress(OSError):
                taken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            end.transport.abort()

    async def _connected(self, near_in: asyncio.StreamReader, near_out: asyncio.StreamWriter) -> None:
        ends = [near_out]
        try:
            far_in, far_out = await asyncio.open_connection("127.0.0.1", self._target)
            ends.append(far_out)
            self._ends.update(ends)
            await asyncio.gather(self._pump(near_in, far_out), self._pump(far_in, near_out))
        except OSError:
            pass  # one end is gone, and the other is told so
        finally:
            self._ends.difference_update(ends)
            for end in ends:
                end.transport.abort()

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(_AT_ONE_GO):
            await self._passes.wait()
            if self._slow_s:
                await asyncio.sleep(self._slow_s)
            sink.write(data)
            await sink.drain()
        sink.write_eof()


def _say(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_Program(int(sys.argv[1]), int(sys.argv[2])).run())
