"""The product's settings with what tests must not share: cheap passwords, files of their own, no broker."""

import atexit
import tempfile
from pathlib import Path

from config.settings import *

SECRET_KEY = "only for tests"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.MD5PasswordHasher",
    "branches.passwords.InitialPasswordHasher",
]
# Tests travel in time: only those about it are signed out on the way or told that a password is old.
IDLE_SECONDS = PASSWORD_MAX_AGE_DAYS = 0
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = True

_media = tempfile.TemporaryDirectory(prefix="bihuan-test-")
atexit.register(_media.cleanup)
MEDIA_ROOT = Path(_media.name)

# Nobody listens here: a request that talked to Redis would fail its test.
CELERY_BROKER_URL = "redis+socket:///nowhere/valkey.sock"
