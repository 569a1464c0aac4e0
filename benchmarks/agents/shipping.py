"""A job that writes 100 MB of log a second: how fast it reaches the server, and what that costs the agent."""

import socket
import sys
import threading
import time
from pathlib import Path

from benchmarks import serving
from benchmarks.agents.weighing import Contestant
from benchmarks.measuring import Report, Row, cpu_seconds, memory
from benchmarks.serving import Stack

BLOCK = 1024 * 1024
RATE = 100 * 1000 * 1000  # bytes a second
# Lines as training writes them, different ones: an empty log would compress to nothing.
WRITER = """
import random, sys, time
rate, seconds = int(sys.argv[1]), float(sys.argv[2])
random.seed(1)
lines = [f"step {n} loss {random.random():.6f} lr {random.random():.3e} tokens/s {random.random() * 1e5:.1f}\\n"
         for n in range(40000)]
text = "".join(lines).encode()[:1 << 20]
began, sent = time.monotonic(), 0
out = open(1, "wb", buffering=0)
while sent < rate * seconds:
    out.write(text)
    sent += len(text)
    time.sleep(max(0.0, began + sent / rate - time.monotonic()))
"""


def measure(report: Report, stack: Stack, who: Contestant, *, seconds: float) -> None:
    report.section(f"shipping a log of {RATE / 1e6:g} MB/s, written for {seconds:g} s")
    with who.start() as pid:
        client = stack.client()
        server = [each for each in stack.processes() if each != pid]
        before, served = cpu_seconds(pid), sum(map(cpu_seconds, server))
        began = time.perf_counter()
        job_id = serving.submit(client, sys.executable, "-I", "-c", WRITER, str(RATE), str(seconds))
        serving.wait_for(client, job_id, "completed")
        took = time.perf_counter() - began
        size = stack.log(job_id).stat().st_size
        row = _row(size, took, cpu_seconds(pid) - before)
        row["server_CPU_s_per_GB"] = (sum(map(cpu_seconds, server)) - served) / size * 1e9
        row["RSS_afterwards_MiB"] = memory(pid)["RSS_MiB"]
    report.add(who.name, **row)
    report.add("raw limit: file to loopback socket, 1 MiB a piece", **_raw(stack.log(job_id)))


def _row(size: int, seconds: float, cpu: float) -> Row:
    return {
        "MB": size / 1e6,
        "MB_per_s": size / seconds / 1e6,
        "agent_CPU_s_per_GB": cpu / size * 1e9,
    }


def _raw(path: Path) -> Row:
    """Read and send, and nothing else: no HTTP, no compression, nobody who writes it to a disk."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        sender = socket.create_connection(listener.getsockname())
        receiver, _ = listener.accept()
        reading = threading.Thread(target=_drain, args=(receiver,))
        reading.start()
        cpu, began = time.thread_time(), time.perf_counter()
        with path.open("rb", buffering=0) as file, sender:
            while piece := file.read(BLOCK):
                sender.sendall(piece)
        cpu = time.thread_time() - cpu
        reading.join()
        return _row(path.stat().st_size, time.perf_counter() - began, cpu)


def _drain(receiver: socket.socket) -> None:
    with receiver:
        while receiver.recv(BLOCK):
            pass
