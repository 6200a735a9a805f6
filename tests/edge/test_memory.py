import os
import subprocess
import sys

import pytest

_ALLOCATE = """
import ctypes, threading
from pitmark.edge.memory import share_one_heap
{first}
ready = threading.Barrier(4)
def work():
    ready.wait()
    for _ in range(200):
        bytearray(50_000)
threads = [threading.Thread(target=work) for _ in range(4)]
[t.start() for t in threads]
[t.join() for t in threads]
ctypes.CDLL(None).malloc_stats()
"""


def _heaps(first: str) -> int:
    """How many heaps a process with four busy threads has, as its allocator tells."""
    code = _ALLOCATE.format(first=first)
    plain = {name: value for name, value in os.environ.items() if "MALLOC" not in name}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, env=plain)
    if "malloc_stats" in done.stderr:
        pytest.skip("this system does not tell its heaps")
    assert done.returncode == 0, done.stderr
    return done.stderr.count("Arena ")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="for Linux")
def test_all_threads_of_a_device_share_one_heap():
    assert _heaps("pass") > 1
    assert _heaps("assert share_one_heap()") == 1
