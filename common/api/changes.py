"""Changes that name the version they are made to, and creations that may be sent twice."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from common.api.errors import MissingVersion
from common.clock import now
from common.errors import Refused, Stale
from common.models import IdempotencyKey

_ETAG = re.compile(r'^(?:W/)?"(\d{1,9})"$')
_KEY = re.compile(r"^[\x21-\x7e]{8,100}$")


def etag(version: int) -> str:
    """A version as an ``ETag``."""
    return f'"{version}"'


def version_named(request: Request) -> int:
    """The version that ``If-Match`` names. Raises MissingVersion (428) without one, Stale (412) for a foreign one."""
    given = request.headers.get("If-Match", "").strip()
    if not given or given == "*":
        raise MissingVersion
    found = _ETAG.match(given)
    if found is None:
        raise Stale(_("This is no version of what you want to change. Fetch it again and decide anew."))
    return int(found.group(1))


def once(request: Request, create: Callable[[], Response]) -> Response:
    """Run ``create``, once for each ``Idempotency-Key`` of a person; the same request again gets the same answer.

    The key, what was created and the answer are committed together, so a crash leaves neither. A second request at the
    same moment waits for the first. Refused (422) when the key came with other content before; a refusal keeps no
    key: what was put right may be sent under the same one. Without the header nothing is remembered.
    """
    key = request.headers.get("Idempotency-Key", "")
    if not key:
        return create()
    if not _KEY.match(key):
        raise Refused(_("An Idempotency-Key is 8 to 100 visible ASCII characters."), code="bad_key")
    asked = hashlib.sha256(
        json.dumps(
            [request.method, request.path, _content(request)], sort_keys=True, cls=JSONEncoder
        ).encode()
    ).hexdigest()
    try:
        with transaction.atomic():
            row = IdempotencyKey.objects.create(user=request.user, key=key, asked=asked, created_at=now())
            response = create()
            row.status = response.status_code
            row.answer = json.loads(json.dumps(response.data, cls=JSONEncoder))
            row.headers = {
                name: response.headers[name] for name in ("ETag", "Location") if name in response.headers
            }
            row.save(update_fields=["status", "answer", "headers"])
            return response
    except IntegrityError:
        found = IdempotencyKey.objects.filter(user=request.user, key=key).first()
        if found is None:
            raise
    if found.asked != asked:
        raise _KeyTaken(_("This Idempotency-Key was used for another request."), code="key_taken")
    return Response(found.answer, status=found.status, headers={**found.headers, "Idempotent-Replay": "true"})


class _KeyTaken(Refused):
    status = 422


def _content(request: Request) -> Any:
    """What was sent, with files as the hash of their bytes."""
    sent: dict[str, Any] = {}
    for name, value in request.data.items():
        if hasattr(value, "chunks"):
            digest = hashlib.sha256()
            for chunk in value.chunks():
                digest.update(chunk)
            value.seek(0)
            sent[name] = digest.hexdigest()
        else:
            sent[name] = value
    return sent
