"""How often one may ask. A cache that is down lets requests through: it must never be the reason of a failure."""

from __future__ import annotations

import logging

from rest_framework.throttling import AnonRateThrottle, SimpleRateThrottle, UserRateThrottle

log = logging.getLogger(__name__)


class _Forgiving(SimpleRateThrottle):
    def allow_request(self, request, view):  # type: ignore[no-untyped-def]
        """Whether the request may go on; also when the cache cannot say."""
        try:
            return super().allow_request(request, view)
        except Exception:
            log.warning("The throttle's cache did not answer.", exc_info=True)
            return True


class PersonThrottle(_Forgiving, UserRateThrottle):
    """Requests of one signed-in person."""


class StrangerThrottle(_Forgiving, AnonRateThrottle):
    """Requests without a token or a session, by address."""


class DoorThrottle(_Forgiving, AnonRateThrottle):
    """Attempts to sign in, by address; the lock-out of accounts counts apart."""

    scope = "door"
