"""Addresses of the reports; each view module lists its own."""

from __future__ import annotations

from reports.views import overview, reports

app_name = "reports"
urlpatterns = [*overview.urlpatterns, *reports.urlpatterns]
