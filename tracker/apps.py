from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TrackerConfig(AppConfig):
    name = "tracker"
    verbose_name = _("Plans and tasks")

    def ready(self) -> None:
        """Let the ladder word its digests."""
        import tracker.reminders.digest  # noqa: F401
