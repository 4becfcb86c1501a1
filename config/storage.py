"""Where files lie: a folder, or a bucket of an S3-compatible store. People reach them only through our own pages."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import File
from django.core.files.storage import FileSystemStorage
from environs import Env


class FolderStorage(FileSystemStorage):
    """Files in a folder. A file is there whole or not at all, also when the disk fills up or the power fails."""

    def _save(self, name: str, content: File[Any]) -> str:
        """Effects in order: write under a temporary name, sync, give it its name; an occupied name is evaded."""
        folder = Path(self.path(name)).parent
        folder.mkdir(parents=True, exist_ok=True, mode=self.directory_permissions_mode or 0o777)
        handle, part = tempfile.mkstemp(prefix=".part-", dir=folder)
        try:
            with os.fdopen(handle, "wb") as written:
                for chunk in content.chunks():
                    written.write(chunk.encode() if isinstance(chunk, str) else chunk)
                written.flush()
                os.fsync(written.fileno())
            if self.file_permissions_mode is not None:
                Path(part).chmod(self.file_permissions_mode)
            while not _named(part, self.path(name)):
                name = self.get_available_name(name)
        finally:
            Path(part).unlink(missing_ok=True)
        return str(Path(name).as_posix())


def file_storage(env: Env) -> dict[str, Any]:
    """The entry ``default`` of Django's STORAGES: a bucket if ``S3_BUCKET`` names one, else the folder MEDIA_ROOT.

    Raises ImproperlyConfigured when a bucket is named and the package for it is not installed.
    """
    bucket = env.str("S3_BUCKET", "")
    if not bucket:
        return {"BACKEND": "config.storage.FolderStorage"}
    try:
        from botocore.config import Config
    except ImportError as error:
        raise ImproperlyConfigured(
            "S3_BUCKET is set, but the package for it is missing: install requirements-s3.txt."
        ) from error
    return {
        "BACKEND": "config.bucket.BucketStorage",
        "OPTIONS": {
            "bucket_name": bucket,
            "location": env.str("S3_PREFIX", ""),
            "endpoint_url": env.str("S3_ENDPOINT", "") or None,
            "region_name": env.str("S3_REGION", "") or None,
            "access_key": env.str("S3_ACCESS_KEY", "") or None,
            "secret_key": env.str("S3_SECRET_KEY", "") or None,
            "file_overwrite": False,
            "client_config": Config(
                s3={"addressing_style": env.str("S3_ADDRESSING", "path")},
                signature_version="s3v4",
                connect_timeout=5,
                read_timeout=30,
                retries={"max_attempts": 2},
                # stores other than Amazon's do not all know the newer checksums
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        },
    }


def _named(part: str, path: str) -> bool:
    """Give a finished file its name, unless another has it."""
    try:
        os.link(part, path)
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links
        if Path(path).exists():
            return False
        Path(part).rename(path)
    return True
