"""Addresses of the ground floor: saved filters, and with ``DEBUG`` the developers' page of samples."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from common import saved_filters, styleguide

app_name = "common"

urlpatterns: list[URLPattern | URLResolver] = [*saved_filters.urlpatterns]
if settings.DEBUG:
    urlpatterns.append(path("styleguide/", include(styleguide.urlpatterns)))
