"""Addresses of the floor of organizations and people."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from branches.views.sign_in import SignIn

app_name = "branches"

urlpatterns = [
    path("sign-in/", SignIn.as_view(), name="sign_in"),
    path("sign-out/", LogoutView.as_view(), name="sign_out"),
]
