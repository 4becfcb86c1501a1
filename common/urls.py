"""Addresses of the ground floor: only the developers' page of samples, and only with ``DEBUG``."""

from django.conf import settings
from django.urls import URLPattern, path

from common import styleguide

app_name = "common"

urlpatterns: list[URLPattern] = (
    [
        path("styleguide/", styleguide.page, name="styleguide"),
        path("styleguide/panel/", styleguide.panel, name="styleguide_panel"),
        path("styleguide/job/", styleguide.job, name="styleguide_job"),
        path("styleguide/refusal/", styleguide.refusal, name="styleguide_refusal"),
    ]
    if settings.DEBUG
    else []
)
