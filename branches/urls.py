"""Addresses of the floor of organizations and people."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from branches.views import (
    account,
    audit,
    calendar,
    exports,
    identity_provider,
    keeping,
    organizations,
    records,
    roster,
    users,
)
from branches.views.sign_in import SignIn, sign_in_code

app_name = "branches"

urlpatterns = [
    path("sign-in/", SignIn.as_view(), name="sign_in"),
    path("sign-in/code/", sign_in_code, name="sign_in_code"),
    path("sign-in/provider/", identity_provider.leave, name="provider"),
    path("sign-in/provider/callback/", identity_provider.come_back, name="provider_callback"),
    path("sign-out/", LogoutView.as_view(), name="sign_out"),
    path("account/", account.account, name="account"),
    path("account/calendar/", account.calendar_feed, name="account_calendar"),
    path("account/password/", account.password, name="password"),
    path("account/second-factor/", account.second_factor, name="second_factor"),
    path("account/sign-out-elsewhere/", account.sign_out_elsewhere, name="sign_out_elsewhere"),
    path("users/", users.index, name="users"),
    path("users/export/", exports.user_list, name="users_export"),
    path("users/new/", users.create, name="user_new"),
    path("users/<int:pk>/", users.detail, name="user"),
    path("users/<int:pk>/posts/", users.grant, name="user_grant"),
    path("users/<int:pk>/posts/<int:post>/end/", users.withdraw, name="user_withdraw"),
    path("users/<int:pk>/change/", users.change, name="user_change"),
    path("users/<int:pk>/<str:name>/", users.act, name="user_act"),
    path("organizations/", organizations.tree, name="organizations"),
    path("organizations/export/", exports.organization_list, name="organizations_export"),
    path("organizations/<str:code>/", organizations.organization, name="organization"),
    path("organizations/<str:code>/add/", keeping.add, name="organization_add"),
    path("organizations/<str:code>/change/", keeping.change, name="organization_change"),
    path("organizations/<str:code>/move/", keeping.move, name="organization_move"),
    path("organizations/<str:code>/merge/", keeping.merge, name="organization_merge"),
    path("organizations/<str:code>/retire/", keeping.retire, name="organization_retire"),
    path("organizations/<str:code>/appoint/", records.appoint, name="organization_appoint"),
    path("organizations/<str:code>/posts/<int:pk>/", records.hand_over, name="organization_hand_over"),
    path("organizations/<str:code>/term/", records.term, name="organization_term"),
    path("organizations/<str:code>/term/shift/", records.shift, name="organization_shift"),
    path("organizations/<str:code>/rating/", records.rating, name="organization_rating"),
    path("areas/", records.areas, name="areas"),
    path("areas/<int:pk>/", records.area, name="area"),
    path("areas/<int:pk>/remove/", records.remove_area, name="area_remove"),
    path("roster/", roster.index, name="roster"),
    path("roster/template/", roster.template, name="roster_template"),
    path("roster/export/", roster.export, name="roster_export"),
    path("roster/<int:pk>/", roster.detail, name="roster_file"),
    path("roster/<int:pk>/import/", roster.release, name="roster_import"),
    path("roster/<int:pk>/passwords/", roster.passwords, name="roster_passwords"),
    path("roster/<int:pk>/<str:which>/", roster.download, name="roster_download"),
    path("calendar/", calendar.index, name="calendar"),
    path("calendar/notice/", calendar.notice, name="calendar_notice"),
    path("calendar/<str:day>/", calendar.day_page, name="calendar_day"),
    path("audit/export/", exports.audit_log, name="audit_export"),
    path("audit/", audit.audit, name="audit"),
]
