"""Addresses of the ground floor: only the developers' page of samples, and only with ``DEBUG``."""

from django.conf import settings
from django.urls import include, path

from common import styleguide

app_name = "common"

urlpatterns = [path("styleguide/", include(styleguide.urlpatterns))] if settings.DEBUG else []
