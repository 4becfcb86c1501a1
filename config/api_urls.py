"""Every address of the API: ``/api/v1/…``, its description and its documentation."""

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.routers import SimpleRouter

from branches.api import views as branches
from branches.api.calendar import Workdays
from reports import api as reports
from reports.api_files import Files
from tracker.api.extensions import Extensions
from tracker.api.findings import Findings
from tracker.api.inspections import Inspections
from tracker.api.loop import LoopSteps
from tracker.api.measures import Measures
from tracker.api.notices import Notices
from tracker.api.oversight import Burdens, Gaps, LookedAfter
from tracker.api.plans import Plans
from tracker.api.pledges import Pledges
from tracker.api.routines import Routines
from tracker.api.sources import Sources
from tracker.api.tasks import Tasks

router = SimpleRouter()
for name, view in {
    "organizations": branches.Organizations,
    "posts": branches.Posts,
    "users": branches.Users,
    "terms": branches.Terms,
    "workdays": Workdays,
    "loop-steps": LoopSteps,
    "sources": Sources,
    "plans": Plans,
    "measures": Measures,
    "routines": Routines,
    "tasks": Tasks,
    "extensions": Extensions,
    "pledges": Pledges,
    "gaps": Gaps,
    "burden": Burdens,
    "looked-after": LookedAfter,
    "findings": Findings,
    "inspections": Inspections,
    "notices": Notices,
    "reports": reports.Reports,
    "jobs": reports.Jobs,
    "files": Files,
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
