"""Addresses of the tracker; each view module lists its own."""

from __future__ import annotations

from tracker.views import (
    behind,
    burden,
    evidence,
    exports,
    feed,
    findings,
    grid,
    home,
    inspections,
    looked_after,
    measure_tables,
    notices,
    office_exports,
    plans,
    pledges,
    review,
    source_texts,
    sources,
    targets,
    tasks,
    urgent,
)

app_name = "tracker"
urlpatterns = [
    *home.urlpatterns,
    *feed.urlpatterns,
    *sources.urlpatterns,
    *source_texts.urlpatterns,
    *behind.urlpatterns,
    *targets.urlpatterns,
    *plans.urlpatterns,
    *pledges.urlpatterns,
    *burden.urlpatterns,
    *measure_tables.urlpatterns,
    *exports.urlpatterns,
    *office_exports.urlpatterns,
    *urgent.urlpatterns,
    *evidence.urlpatterns,
    *tasks.urlpatterns,
    *grid.urlpatterns,
    *review.urlpatterns,
    *notices.urlpatterns,
    *inspections.urlpatterns,
    *looked_after.urlpatterns,
    *findings.urlpatterns,
]
