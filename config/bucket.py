"""Files in a bucket; needs requirements-s3.txt."""

from __future__ import annotations

from typing import Any, NoReturn

from storages.backends.s3 import S3Storage


class BucketStorage(S3Storage):
    """An S3-compatible store that gives out no links: who may read a file is decided page by page."""

    def url(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused, always: a link, even a signed one, would be valid for whoever holds it."""
        raise NotImplementedError("Files are given out by the site, never by a link to the store.")
