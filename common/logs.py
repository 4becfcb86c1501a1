"""Logs: one line an event, as JSON in earnest, each with the id of its request; no names, addresses or contents.

A line says which kind of page was asked for (its route, not its address), how it ended and how long it took. Who did what
stands in the audit log and in the history of the subjects, where it is protected.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, MutableMapping
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse

log = structlog.stdlib.get_logger(__name__)

WELL_FORMED = re.compile(r"[A-Za-z0-9-]{8,64}")
QUIET = frozenset({"healthz", "readyz"})
"""Asked for every few seconds by machines; a line only when they fail."""

Event = MutableMapping[str, Any]


def _without_request(_logger: Any, _name: str, event: Event) -> Event:
    """Django puts the whole request and its status beside its lines; neither is for a log."""
    for name in ("request", "server_time", "status_code"):
        event.pop(name, None)
    return event


SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def logging_config(*, level: str, as_json: bool) -> dict[str, Any]:
    """The ``LOGGING`` setting: everything on standard error, through one formatter, ours and the libraries' lines alike."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    last: list[Any] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, _without_request]
    if as_json:
        last += [
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
        ]
    else:
        last.append(structlog.dev.ConsoleRenderer(colors=False))
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": [*SHARED, structlog.stdlib.ExtraAdder()],
        "processors": last,
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": formatter},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": "INFO", "propagate": True},
            # Its lines hold the address, with numbers of tasks and people; ours hold the route. Errors keep their traceback.
            "django.request": {"level": "ERROR"},
            # Two lines for each tick would be 86,000 a day.
            "celery": {"level": "WARNING"},
        },
    }


class RequestMiddleware:
    """Outermost: gives each request an id, binds it to every line written meanwhile, and writes one line at its end.

    A well-formed ``X-Request-ID`` is taken over, so that a proxy's log and ours can be laid side by side.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        number = given if WELL_FORMED.fullmatch(given) else secrets.token_hex(8)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=number)
        began = time.perf_counter()
        response = self.get_response(request)
        response.headers["X-Request-ID"] = number
        match = request.resolver_match
        route = match.route if match else "?"
        if route not in QUIET or response.status_code >= 500:
            log.info(
                "request",
                method=request.method,
                route=route if route == "?" else f"/{route}",
                status=response.status_code,
                ms=round(1000 * (time.perf_counter() - began), 1),
            )
        structlog.contextvars.clear_contextvars()
        return response
