"""Figures for a monitoring system, for this machine or a token that may manage."""

from __future__ import annotations

import ipaddress
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from pitmark.core.errors import NotAllowedError
from pitmark.server.callers import caller_of
from pitmark.server.metrics import ServerMetrics

router = APIRouter(tags=["metrics"])
# What proxies add: then the connection comes from this machine, and the request does not.
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")


def may_read_metrics(request: Request) -> None:
    """Let in whoever asks from this machine, or shows a token that may manage.

    Args:
        request: The request.

    Raises:
        NotAllowedError: Anybody else.
        NotSignedInError: A token that is not valid.
    """
    if "authorization" in request.headers:
        token = caller_of(request).token
        if token is not None and token.scope == "manage" and token.project is None:
            return
    elif _is_of_this_machine(request):
        return
    raise NotAllowedError(
        "metrics are for this machine, or for a token of the scope manage",
        hint="Send Authorization: Bearer <token>.",
    )


@router.get("/metrics", response_class=Response)
def metrics(request: Request, _: Annotated[None, Depends(may_read_metrics)]) -> Response:
    """Requests, jobs and sizes in the text format of Prometheus."""
    found: ServerMetrics = request.app.state.metrics
    return Response(generate_latest(found.registry), media_type=CONTENT_TYPE_LATEST)


def _is_of_this_machine(request: Request) -> bool:
    if request.client is None or any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
