"""Every address of the API: ``/api/v1/…``, its description and its documentation."""

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.routers import SimpleRouter

from branches.api import views as branches
from reports import api as reports
from tracker.api import views as tracker

router = SimpleRouter()
for name, view in {
    "organizations": branches.Organizations,
    "posts": branches.Posts,
    "users": branches.Users,
    "terms": branches.Terms,
    "sources": tracker.Sources,
    "plans": tracker.Plans,
    "measures": tracker.Measures,
    "tasks": tracker.Tasks,
    "findings": tracker.Findings,
    "inspections": tracker.Inspections,
    "notices": tracker.Notices,
    "reports": reports.Reports,
    "jobs": reports.Jobs,
}.items():
    router.register(name, view, basename=name)

app_name = "api"
urlpatterns = [
    path("v1/tokens/", branches.Tokens.as_view(), name="tokens"),
    path("v1/tokens/<str:key>/", branches.OneToken.as_view(), name="token"),
    path("v1/me/", branches.Me.as_view(), name="me"),
    path("v1/", include(router.urls)),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path(
        "docs/",
        SpectacularSwaggerSplitView.as_view(url_name="api:schema", template_name="api/docs.html"),
        name="docs",
    ),
]
