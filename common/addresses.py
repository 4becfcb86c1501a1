"""Where a request comes from, as far as it can be believed."""

from __future__ import annotations

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest | None) -> str | None:
    """The caller's IP address, or None where there is none (a unix socket, a command, nonsense).

    ``X-Forwarded-For`` is believed only behind our own proxies, and only its last ``PROXIES`` entries: those our
    proxies added themselves. What stands further left was written by the caller.
    """
    if request is None:
        return None
    given = request.META.get("REMOTE_ADDR", "")
    if settings.PROXIES:
        chain = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
        given = chain[-settings.PROXIES] if len(chain) >= settings.PROXIES else ""
    try:
        return str(ip_address(given))
    except ValueError:
        return None
