"""How the process of a device asks the system for memory."""

from __future__ import annotations

import ctypes
import sys

_ARENA_MAX = -8  # M_ARENA_MAX of glibc's malloc.h.


def share_one_heap() -> bool:
    """Let all threads of this process allocate from one heap; to be called before they start.

    With a heap per thread, as glibc has it, images that one thread reads and another frees
    leave holes in each of them: the memory of a device grows, and every hole that goes back
    to the system is paid for again page by page.

    Returns:
        Whether this system has such heaps and agreed.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and mallopt(_ARENA_MAX, 1) == 1
