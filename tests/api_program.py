"""A program that uses the API, as the tests of its addresses need it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from branches.api.authentication import mark_of
from branches.models import ApiToken


class Program:
    """Somebody's program: sends JSON with a token."""

    def __init__(self, user: Any = None, token: str = "") -> None:
        self.client = Client()
        if user is not None:
            _row, token = ApiToken.objects.create(user=user, mark=mark_of(user))
        self.headers = {"Authorization": f"Token {token}"} if token else {}

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(f"/api/v1/{path}", query, headers=self.headers)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.generic(
            method,
            f"/api/v1/{path}",
            b"" if body is None else json.dumps(body).encode(),
            content_type="application/json",
            headers={**self.headers, **named},
        )

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.send("POST", path, body if body is not None else {}, **headers)

    def upload(self, path: str, name: str, content: bytes, **headers: str) -> Any:
        named = {header.replace("_", "-"): value for header, value in headers.items()}
        file = SimpleUploadedFile(name, content)
        return self.client.post(f"/api/v1/{path}", {"file": file}, headers={**self.headers, **named})

    def etag(self, path: str) -> str:
        """The version of what stands at an address."""
        return str(self.get(path).headers["ETag"])


def refusal(answer: Any) -> tuple[int, str]:
    body = answer.json()
    assert set(body) == {"code", "message", "fields"}
    assert body["message"]
    return answer.status_code, body["code"]


@contextmanager
def counted() -> Iterator[list[Any]]:
    """The queries of a block, there when it is over."""
    asked: list[Any] = []
    with CaptureQueriesContext(connection) as queries:
        yield asked
    asked.extend(queries.captured_queries)
