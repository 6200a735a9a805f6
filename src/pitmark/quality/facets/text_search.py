"""Which of many short texts hold a part, whether in capital or small letters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_REMEMBERED = 8
_MOST_PIECES = 64
# With more hits than this, looking at all bytes at once is quicker than hit by hit.
_FEW_HITS = 20_000
_LINE_END = b"\n"
# Bytes that are compared at once.
_WIDE = 8

Bools = NDArray[np.bool_]
Places = NDArray[np.int64]


class TextSearch:
    """Searches texts that are added to one after the other.

    Args:
        texts: A list that may grow at its end, but does not change otherwise.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts
        # In small letters, one per line: number of the first, the lines, where each begins.
        self._pieces: list[tuple[int, bytes, Places]] = []
        self._taken = 0
        self._found: dict[bytes, Bools] = {}

    def holding(self, part: str) -> Bools:
        """Which texts hold a part.

        Args:
            part: In any letters; empty is held by all.

        Returns:
            (N,) one per text.
        """
        self.prepare()
        text = _line(part)
        if text not in self._found:
            while len(self._found) >= _REMEMBERED:
                self._found.pop(next(iter(self._found)))
            self._found[text] = self._search(text)
        return self._found[text]

    def prepare(self) -> None:
        """Take in what was added since the last search."""
        if self._taken == len(self._texts):
            return
        self._found.clear()
        if len(self._pieces) >= _MOST_PIECES:
            self._pieces, self._taken = [], 0
        new = [_line(t) for t in self._texts[self._taken :]]
        lengths = np.fromiter((len(n) + 1 for n in new), dtype=np.int64, count=len(new))
        starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        # Room at the end, so that wide comparisons stay within.
        lines = _LINE_END.join([*new, bytes(_WIDE)])
        self._pieces.append((self._taken, lines, starts))
        self._taken = len(self._texts)

    def _search(self, text: bytes) -> Bools:
        out = np.full(len(self._texts), not text, dtype=bool)
        if not text:
            return out
        for first, lines, starts in self._pieces:
            hits = _few_hits(lines, text)
            if hits is None:
                hits = _all_hits(lines, text)
            out[first + np.searchsorted(starts, hits, side="right") - 1] = True
        return out


def _line(text: str) -> bytes:
    return text.lower().replace("\n", " ").replace("\x00", " ").encode("utf-8", "replace")


def _few_hits(lines: bytes, text: bytes) -> Places | None:
    """One hit per line that holds a text; None if those are many."""
    out: list[int] = []
    at = lines.find(text)
    while at >= 0:
        if len(out) == _FEW_HITS:
            return None
        out.append(at)
        end = lines.find(_LINE_END, at)
        at = lines.find(text, end) if end >= 0 else -1
    return np.array(out, dtype=np.int64)


def _all_hits(lines: bytes, text: bytes) -> Places:
    """Every place where a text begins, found through its rarest byte."""
    held = np.frombuffer(lines, dtype=np.uint8)
    sample = np.bincount(held[:: max(1, len(held) // 100_000)], minlength=256)
    rarest = min(range(len(text)), key=lambda n: sample[text[n]])
    places = np.flatnonzero(held == text[rarest]) - rarest
    places = places[(places >= 0) & (places <= len(held) - max(len(text), _WIDE))]
    # Eight bytes from any place on, as one number.
    wide = np.ndarray((len(held) - _WIDE + 1,), np.dtype("<u8"), lines, strides=(1,))
    for start in range(0, len(text), _WIDE):
        part = text[start : start + _WIDE]
        if len(part) < _WIDE <= len(text):
            start, part = len(text) - _WIDE, text[-_WIDE:]
        mask = np.uint64((1 << 8 * len(part)) - 1)
        wanted = np.uint64(int.from_bytes(part, "little"))
        places = places[(wide[places + start] & mask) == wanted]
    return places
