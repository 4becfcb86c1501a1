"""The few files taken out of installed packages; our own stand in `static/`.

Collecting everything those packages carry takes minutes and serves icon fonts nobody asked for.
"""

from django.contrib.staticfiles.finders import AppDirectoriesFinder

TAKEN = {
    "bootstrap": ("bootstrap/css/bootstrap.min.css", "bootstrap/js/bootstrap.bundle.min.js"),
    "django_htmx": ("django_htmx/htmx-2.min.js",),
    "django.contrib.admin": ("admin/",),
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
    return any(path.startswith(name) if name.endswith("/") else path == name for names in TAKEN.values() for name in names)
