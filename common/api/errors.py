"""One shape for every refusal of the API: ``{"code", "message", "fields"}``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions
from rest_framework.response import Response

from common.errors import Refused, Stale

WORDS = {
    "not_authenticated": gettext_lazy("Sign in first, or send a valid token."),
    "authentication_failed": gettext_lazy("This token is not valid any more. Sign in again."),
    "permission_denied": gettext_lazy("You may not do this."),
    "not_found": gettext_lazy("There is nothing here, or it is not in your sight."),
    "method_not_allowed": gettext_lazy("This address does not take that method."),
    "not_acceptable": gettext_lazy("The API answers in JSON only."),
    "unsupported_media_type": gettext_lazy("Send JSON; files go as multipart/form-data."),
    "parse_error": gettext_lazy("What was sent cannot be read as JSON."),
    "throttled": gettext_lazy("Too many requests. Wait a moment and try again."),
    "invalid": gettext_lazy("Something in what was sent is not right; see the fields."),
}
"""Sentences of the framework's own refusals, by code."""


class MissingVersion(exceptions.APIException):
    """A change without ``If-Match`` (HTTP 428): it could overwrite what somebody else did."""

    status_code = 428
    default_code = "version_missing"
    default_detail = gettext_lazy("Say which version you change: send its ETag as If-Match.")


def answer(exception: Exception, context: Mapping[str, Any]) -> Response | None:
    """Every exception a view lets pass, as a response in the one shape; None for a fault, which stays a fault.

    The transaction of the request, if there is one, is rolled back. A stale version named by ``If-Match`` is 412.
    """
    request = context.get("request")
    headers: dict[str, str] = {}
    if isinstance(exception, Refused):
        body, status = exception.as_json(), exception.status
        if isinstance(exception, Stale) and request is not None and request.headers.get("If-Match"):
            status = 412
    elif isinstance(exception, Http404):
        body, status = _said("not_found"), 404
    elif isinstance(exception, PermissionDenied):
        body, status = _said("permission_denied"), 403
    elif isinstance(exception, exceptions.ValidationError):
        fields = _flat(exception.detail)
        body, status = _said("invalid") | {"fields": fields}, 400
    elif isinstance(exception, exceptions.APIException):
        codes = exception.get_codes()
        code = codes if isinstance(codes, str) else exception.default_code
        body, status = _said(code, str(exception.detail)), exception.status_code
        if wait := getattr(exception, "wait", None):
            headers["Retry-After"] = str(int(wait) + 1)
        if challenge := getattr(exception, "auth_header", None):
            headers["WWW-Authenticate"] = challenge
    else:
        return None
    connection = transaction.get_connection()
    if connection.in_atomic_block and connection.settings_dict["ATOMIC_REQUESTS"]:
        transaction.set_rollback(True)
    return Response(body, status=status, headers=headers)


def _said(code: str, otherwise: str = "") -> dict[str, Any]:
    return {"code": code, "message": str(WORDS.get(code, otherwise or _("Refused."))), "fields": {}}


def _flat(detail: Any, name: str = "") -> dict[str, str]:
    """Nested messages by dotted field name, each field's sentences put together."""
    if isinstance(detail, Mapping):
        found: dict[str, str] = {}
        for key, inner in detail.items():
            found |= _flat(inner, f"{name}.{key}" if name else str(key))
        return found
    if isinstance(detail, list | tuple):
        if all(isinstance(item, str) for item in detail):
            return {name or "non_field_errors": " ".join(str(item) for item in detail)}
        found = {}
        for number, item in enumerate(detail):
            found |= _flat(item, f"{name}.{number}" if name else str(number))
        return found
    return {name or "non_field_errors": str(detail)}
