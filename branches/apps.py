from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BranchesConfig(AppConfig):
    name = "branches"
    verbose_name = _("Organizations and people")

    def ready(self) -> None:
        """Let the door write the audit log."""
        import branches.auditing  # noqa: F401
