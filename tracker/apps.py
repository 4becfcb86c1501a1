from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TrackerConfig(AppConfig):
    name = "tracker"
    verbose_name = _("Plans and tasks")

    def ready(self) -> None:
        """Tell the bell of every page how many notices wait, and let the ladder word its digests."""
        import tracker.reminders.digest  # noqa: F401
        from common.frame import register_unread
        from tracker.notices import unread_count

        register_unread(unread_count)
