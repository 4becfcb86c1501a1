"""Refusals: what people read when something cannot be done.

A refusal is an answer, not a crash. It carries a stable code for programs, a translated sentence
that says what to do, and, where the cause is one field of a form, the sentences by field. Pages,
the API, commands and jobs all show the same sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise

Sentence = str | Promise


class Refused(Exception):
    """The act cannot be done as asked (HTTP 400). Nothing was written."""

    status = 400
    default_code = "refused"

    def __init__(
        self, message: Sentence, *, code: str | None = None, fields: Mapping[str, Sentence] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.fields = dict(fields or {})

    def __str__(self) -> str:
        return str(self.message)

    def as_json(self) -> dict[str, Any]:
        """The one error shape of the product: ``{"code", "message", "fields"}``."""
        return {
            "code": self.code,
            "message": str(self.message),
            "fields": {name: str(sentence) for name, sentence in self.fields.items()},
        }


class NotAllowed(Refused):
    """The subject is in sight, but this person may not do this to it (HTTP 403)."""

    status = 403
    default_code = "not_allowed"


class Stale(Refused):
    """Somebody else acted first (HTTP 409); the caller keeps what was typed and shows both."""

    status = 409
    default_code = "stale"
