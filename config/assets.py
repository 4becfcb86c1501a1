"""The few files taken out of installed packages; our own stand in `static/`.

Collecting everything those packages carry takes minutes and serves icon fonts nobody asked for.
"""

import hashlib
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import AppDirectoriesFinder, get_finders
from django.core.management import call_command
from whitenoise.storage import CompressedManifestStaticFilesStorage

TAKEN = {
    "bootstrap": ("bootstrap/css/bootstrap.min.css", "bootstrap/js/bootstrap.bundle.min.js"),
    "django_htmx": ("django_htmx/htmx-2.min.js",),
    "django.contrib.admin": ("admin/",),
    "drf_spectacular_sidecar": (
        "drf_spectacular_sidecar/swagger-ui-dist/swagger-ui.css",
        "drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js",
        "drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-standalone-preset.js",
        "drf_spectacular_sidecar/swagger-ui-dist/favicon-32x32.png",
    ),
}


class AllowListFinder(AppDirectoriesFinder):
    """Finds in the installed packages what `TAKEN` names, and nothing else."""

    def list(self, ignore_patterns):  # type: ignore[no-untyped-def]
        """Yield the allowed files of every app."""
        for path, storage in super().list(ignore_patterns):
            if _is_taken(path):
                yield path, storage

    def find_in_app(self, app, path):  # type: ignore[no-untyped-def]
        """Return the absolute path of an allowed file, or None."""
        return super().find_in_app(app, path) if _is_taken(path) else None


def _is_taken(path: str) -> bool:
    return any(
        path.startswith(name) if name.endswith("/") else path == name
        for names in TAKEN.values()
        for name in names
    )


class AssetStorage(CompressedManifestStaticFilesStorage):
    """Names carry the content's hash, so a browser may keep a file for ever. Source maps are not taken: no one reads them."""

    patterns = tuple(
        (kind, tuple(pattern for pattern in patterns if "sourceMappingURL" not in str(pattern)))
        for kind, patterns in CompressedManifestStaticFilesStorage.patterns
    )


def collect_assets() -> bool:
    """Fill STATIC_ROOT if any source file has changed since the last time; return whether there was anything to do."""
    digest = hashlib.sha256(settings.STORAGES["staticfiles"]["BACKEND"].encode())
    for finder in get_finders():
        for path, storage in sorted(finder.list([]), key=lambda found: found[0]):
            source = Path(storage.path(path)).stat()
            digest.update(f"{path} {source.st_size} {source.st_mtime_ns}\n".encode())
    mark = Path(settings.STATIC_ROOT) / ".collected"
    if mark.exists() and mark.read_text(encoding="ascii") == digest.hexdigest():
        return False
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    mark.write_text(digest.hexdigest(), encoding="ascii")
    return True
