"""The web app as files: built by `ui/`, served from the folder beside this module."""

from __future__ import annotations

import hashlib
import mimetypes
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.responses import PlainTextResponse

from pitmark.server.problems import problem

STATIC = Path(__file__).with_name("static")
_NOT_BUILT = """Pitmark's server is running, but its web app is not built.

In the source tree:  cd ui && npm ci && npm run build
The API is under /api; its description: /api/openapi.json
"""
_TYPES = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".html": "text/html",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
    ".wasm": "application/wasm",
}


def add_pages(app: FastAPI, folder: Path = STATIC) -> None:
    """Serve the web app for every path that is not one of the API.

    Args:
        app: The server, with all its routes.
        folder: Of the built web app; it may be missing.
    """

    def page(request: Request, path: str) -> Response:
        if path == "api" or path.startswith("api/"):
            return problem(404, "not_found", f"the API has no {request.method} /{path}")
        file = _within(folder, path)
        if file is not None and file.name != "index.html":
            return _file(request, file, lasting=path.startswith("assets/"))
        if path.startswith("assets/"):
            return problem(404, "not_found", f"the web app has no file /{path}")
        index = folder / "index.html"
        if not index.is_file():
            return PlainTextResponse(_NOT_BUILT)
        return _file(request, index, lasting=False)

    app.add_api_route("/{path:path}", page, methods=["GET", "HEAD"], include_in_schema=False)


def _within(folder: Path, path: str) -> Path | None:
    """The file of a path, if it is one of the folder and nothing else."""
    if not path or "\0" in path or "\\" in path:
        return None
    file = (folder / path).resolve()
    try:
        there = file.is_relative_to(folder.resolve()) and file.is_file()
    except OSError:
        # A name longer than the file system knows.
        return None
    return file if there else None


def _file(request: Request, file: Path, *, lasting: bool) -> Response:
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    packed = file.with_name(file.name + ".gz")
    body = file.read_bytes()
    if not lasting:
        tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        headers = {"Cache-Control": "no-cache", "ETag": tag}
        if tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
    if packed.is_file():
        headers["Vary"] = "Accept-Encoding"
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            body = packed.read_bytes()
    return Response(body, headers=headers, media_type=_type(file))


def _type(file: Path) -> str:
    guessed = mimetypes.guess_type(file.name)[0]
    return _TYPES.get(file.suffix, guessed or "application/octet-stream")
