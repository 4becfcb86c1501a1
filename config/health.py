"""Two answers for whoever watches the machine: is it alive, and may it be sent people?"""

from datetime import timedelta

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache

from common import clock
from common.leases import last_completed

# Six ticks of the sweep. Only a worker writes its mark: one written by this web process would always look fresh.
STALLED_AFTER = timedelta(seconds=180)


@login_not_required
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer 200 while the process answers at all, and say when reminders were last swept to the end.

    ``sweep`` is ``ok``, ``stalled`` (none for three minutes, or never) or ``unknown`` (no database). Never 503: a
    restart of the web process would not mend a stopped worker.
    """
    try:
        last = last_completed("sweep")
    except DatabaseError:
        return JsonResponse({"status": "ok", "sweep": "unknown", "last_sweep": None})
    fresh = last is not None and clock.now() - last <= STALLED_AFTER
    return JsonResponse({"status": "ok", "sweep": "ok" if fresh else "stalled", "last_sweep": last})


@login_not_required
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when the database answers, else 503."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return JsonResponse({"status": "unavailable", "database": "unreachable"}, status=503)
    return JsonResponse({"status": "ok", "database": "ok"})
