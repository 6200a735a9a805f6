"""The log of results: one JSON line per part, put aside by size, the oldest removed."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from pitmark.core.errors import StorageError


class ResultLog:
    """Appends lines to a file; `results.jsonl` becomes `results.1.jsonl` and so on.

    Args:
        folder: Where the files lie; made where it does not exist.
        max_bytes: Size at which a file is put aside.
        files: How many are kept aside.
    """

    def __init__(self, folder: Path, *, max_bytes: int, files: int) -> None:
        self._folder, self._max_bytes, self._files = folder, max_bytes, files
        self._file: IO[bytes] | None = None

    def write(self, lines: Sequence[Mapping[str, Any]]) -> None:
        """Append lines; they are on the disk when this returns.

        Args:
            lines: Plain JSON types.

        Raises:
            StorageError: They cannot be written.
        """
        data = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
        try:
            file = self._open()
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            if file.tell() >= self._max_bytes:
                self._put_aside()
        except OSError as exc:
            self.close()
            raise StorageError(
                f"the result log in {self._folder} cannot be written: {exc.strerror or exc}"
            ) from exc

    def close(self) -> None:
        """Close the file; the next line opens it again."""
        file, self._file = self._file, None
        if file is not None:
            try:
                file.close()
            except OSError:
                return  # What could not be flushed was told as an error by write.

    def _open(self) -> IO[bytes]:
        if self._file is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._file = self._path(0).open("ab")
            if self._file.tell() and not self._ends_whole():
                self._file.write(b"\n")  # A kill left half a line; it stands alone now.
        return self._file

    def _ends_whole(self) -> bool:
        with self._path(0).open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) == b"\n"

    def _put_aside(self) -> None:
        self.close()
        self._path(self._files).unlink(missing_ok=True)
        for number in range(self._files - 1, -1, -1):
            if self._path(number).exists():
                self._path(number).replace(self._path(number + 1))

    def _path(self, number: int) -> Path:
        return self._folder / (f"results.{number}.jsonl" if number else "results.jsonl")
