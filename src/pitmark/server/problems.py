"""How an error leaves the server: one table from its code to a status, one body."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from pitmark.core.errors import NotReadyError, PitmarkError

STATUS = {
    "invalid_input": 422,
    "unknown_format": 422,
    "unreadable_image": 422,
    "invalid_label": 422,
    "not_signed_in": 401,
    "not_allowed": 403,
    "not_found": 404,
    "conflict": 409,
    "not_enough_data": 409,
    "bad_bundle": 422,
    "parity": 500,
    "storage": 503,
    "not_ready": 503,
    "missing_extra": 501,
    "cancelled": 409,
    "too_large": 413,
    "too_many": 429,
}
_CODES = {
    400: "invalid_input",
    401: "not_signed_in",
    403: "not_allowed",
    404: "not_found",
    405: "not_found",
    413: "too_large",
}
_NAMED_FIELDS = 5
_RETRY_AFTER_S = 2


def add_problem_handlers(app: FastAPI) -> None:
    """Let every error of the server end as `{code, message, hint}`.

    Args:
        app: The server.
    """
    app.add_exception_handler(PitmarkError, _pitmark_error)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _fault)


def problem(status: int, code: str, message: str, hint: str = "") -> JSONResponse:
    """An answer that is an error.

    Args:
        status: Of HTTP.
        code: Stable name of the error.
        message: What is wrong.
        hint: What to do about it.

    Returns:
        The answer.
    """
    return JSONResponse({"code": code, "message": message, "hint": hint}, status_code=status)


async def _pitmark_error(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, PitmarkError):
        raise error
    told = problem(STATUS.get(error.code, 500), error.code, error.message, error.hint)
    if isinstance(error, NotReadyError):
        told.headers["Retry-After"] = str(_RETRY_AFTER_S)
    return told


async def _invalid_request(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        raise error
    told = [
        f"{'.'.join(str(p) for p in e['loc'] if p != 'body') or 'the body'}: {e['msg'].lower()}"
        for e in error.errors()[:_NAMED_FIELDS]
    ]
    return problem(422, "invalid_input", "; ".join(told))


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    code = _CODES.get(error.status_code, "error")
    told = problem(error.status_code, code, str(error.detail))
    told.headers.update(error.headers or {})
    return told


async def _fault(request: Request, error: Exception) -> JSONResponse:
    """A fault of Pitmark itself: the log has the trace, the answer does not."""
    hint = "The server's log has the details; please report it with them."
    return problem(500, "error", "something in Pitmark went wrong", hint)
