"""``/api/v1/``: organizations, posts, users, terms and tokens."""

from __future__ import annotations

from typing import Any

import django_filters
from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from branches import tree
from branches.access import Actor
from branches.api.authentication import mark_of
from branches.api.base import Listed
from branches.api.serializers import (
    NewToken,
    OrganizationChange,
    OrganizationSerializer,
    OwnTokenSerializer,
    PostSerializer,
    SignIn,
    TermSerializer,
    UserSerializer,
)
from branches.models import ApiToken, Organization, Post, Term, User
from branches.passwords import why_change
from branches.second_factor import check_code, has_second_factor
from branches.views.sign_in import SignInForm
from common.api.changes import version_named
from common.api.throttles import DoorThrottle
from common.clock import now, today
from common.errors import NotAllowed, Refused

ADMINISTRATORS = {Post.Role.ADMINISTRATOR}


class OrganizationFilter(django_filters.FilterSet):
    """By kind, superior, everything below one, day, and words of name, short name or code."""

    below = django_filters.NumberFilter(method="by_below")
    active_on = django_filters.DateFilter(method="by_active_on")
    q = django_filters.CharFilter(method="by_words")

    class Meta:
        model = Organization
        fields = ("kind", "parent", "area", "code")

    def by_below(self, found: Any, _name: str, key: Any) -> Any:
        """All below an organisation in sight, itself included."""
        root = found.model.objects.filter(pk=int(key), pk__in=found.values("pk")).first()
        return found.below(root) if root else found.none()

    def by_active_on(self, found: Any, _name: str, day: Any) -> Any:
        """Those active on a local day."""
        return found.active_on(day)

    def by_words(self, found: Any, _name: str, words: str) -> Any:
        """Those whose name, short name or code holds the words."""
        from django.db.models import Q

        return found.filter(
            Q(name__icontains=words) | Q(short_name__icontains=words) | Q(code__icontains=words)
        )


class Organizations(Listed):
    """Party organizations in sight; administrators see those their duty reaches."""

    serializer_class = OrganizationSerializer
    filterset_class = OrganizationFilter
    ordering_fields = ("path", "code", "name")
    ordering = ("path",)

    def get_queryset(self) -> QuerySet[Organization]:
        """Own organisations and all below, and those in reach of an administrator's duty."""
        if self.is_drawing_the_schema:
            return Organization.objects.none()
        return Organization.objects.filter(
            self.actor.scope("path") | self.actor.duty_scope(ADMINISTRATORS, "path")
        )

    @extend_schema(request=OrganizationChange, responses=OrganizationSerializer)
    def partial_update(self, request: Request, pk: Any = None) -> Response:
        """Change names, department or member counts. Needs If-Match; only administrators whose duty reaches it."""
        organization = self.get_object()
        if not self.actor.has_duty(ADMINISTRATORS, organization):
            raise NotAllowed(_("Only the system administrator may change organizations."))
        given = OrganizationChange(data=request.data, partial=True)
        given.is_valid(raise_exception=True)
        version = version_named(request)
        return self.shown(
            tree.change_organization(organization, fields=given.validated_data, version=version)
        )


class PostFilter(django_filters.FilterSet):
    """By organisation, user, role, and the day on which they are held."""

    held_on = django_filters.DateFilter(method="by_held_on")

    class Meta:
        model = Post
        fields = ("organization", "user", "role")

    def by_held_on(self, found: Any, _name: str, day: Any) -> Any:
        """Those in force on a local day."""
        return found.held_on(day)


class Posts(Listed):
    """Posts in organisations in sight, now and before."""

    serializer_class = PostSerializer
    filterset_class = PostFilter
    ordering_fields = ("since", "until")
    ordering = ("pk",)

    def get_queryset(self) -> QuerySet[Post]:
        """Posts of own organisations and all below."""
        if self.is_drawing_the_schema:
            return Post.objects.none()
        posts = Post.objects.filter(self.actor.scope("organization__path"))
        return posts.select_related("user", "organization")


class Users(Listed):
    """People who hold or held a post in sight, and oneself."""

    serializer_class = UserSerializer
    filterset_fields = ("username", "is_active")
    ordering_fields = ("username", "name")
    ordering = ("pk",)

    def get_queryset(self) -> QuerySet[User]:
        """People with a post in an organisation in sight."""
        if self.is_drawing_the_schema:
            return User.objects.none()
        held = Post.objects.filter(self.actor.scope("organization__path")).values("user")
        return User.objects.filter(pk__in=held) | User.objects.filter(pk=self.actor.user.pk)


class Terms(Listed):
    """Terms of office of organisations in sight."""

    serializer_class = TermSerializer
    filterset_fields = {
        "organization": ["exact"],
        "due_on": ["lte", "gte"],
        "ended_on": ["isnull"],
    }
    ordering_fields = ("due_on", "began_on")
    ordering = ("pk",)

    def get_queryset(self) -> QuerySet[Term]:
        """Terms of own organisations and all below."""
        if self.is_drawing_the_schema:
            return Term.objects.none()
        return Term.objects.filter(self.actor.scope("organization__path"))


class Tokens(APIView):
    """Tokens of the asking person: get one by signing in, see one's own, end them all."""

    def get_permissions(self) -> list[Any]:
        """Signing in needs no token."""
        return [AllowAny()] if self.request.method == "POST" else super().get_permissions()

    def get_authenticators(self) -> list[Any]:
        """A wrong or old token must not keep anybody from getting a new one."""
        method = self.request.method if self.request else ""
        return [] if method == "POST" else super().get_authenticators()

    def get_throttles(self) -> list[Any]:
        """The door has its own, narrow one."""
        return [DoorThrottle()] if self.request.method == "POST" else super().get_throttles()

    @extend_schema(request=SignIn, responses={201: NewToken})
    def post(self, request: Request) -> Response:
        """Sign in. The same lock-out, first password and second factor as on the page."""
        given = SignIn(data=request.data)
        given.is_valid(raise_exception=True)
        form = SignInForm(request._request, data=given.validated_data)  # noqa: SLF001 - the page asks with it
        if not form.is_valid():
            sentence = " ".join(str(error) for error in form.non_field_errors())
            code = form.non_field_errors().as_data()[0].code or "invalid_login"
            raise _NotLetIn(sentence, code=code)
        user, at = form.get_user(), now()
        if why_change(user, at=at):
            sentence = _("Sign in on the page first: something has to be set right there.")
            raise NotAllowed(sentence, code="account_incomplete")
        wanted = settings.SECOND_FACTOR_FOR
        if wanted and not has_second_factor(user) and Actor.on(user, today()).roles & wanted:
            sentence = _("Sign in on the page first: something has to be set right there.")
            raise NotAllowed(sentence, code="account_incomplete")
        if has_second_factor(user):
            code = given.validated_data.get("code", "")
            if not code:
                raise _NotLetIn(
                    _("This account has a second factor: send its code, too."), code="code_missing"
                )
            try:
                check_code(user, code, at=at)
            except Refused as refused:
                raise _NotLetIn(refused.message, code=refused.code) from refused
        row, secret = ApiToken.objects.create(
            user=user, mark=mark_of(user), name=given.validated_data.get("name", "")
        )
        user_logged_in.send(sender=User, request=None, user=user)
        body = {"id": row.token_key, "token": secret, "expiry": row.expiry}
        return Response(NewToken(body).data, status=201, headers={"Cache-Control": "no-store"})

    @extend_schema(responses=OwnTokenSerializer(many=True))
    def get(self, request: Request) -> Response:
        """One's own tokens that have not expired, without their secrets."""
        rows = ApiToken.objects.filter(user=request.user, expiry__gt=now()).order_by("-created")
        return Response(OwnTokenSerializer(rows, many=True).data)

    @extend_schema(operation_id="tokens_destroy_all", responses={204: None})
    def delete(self, request: Request) -> Response:
        """End all of one's own tokens."""
        ApiToken.objects.filter(user=request.user).delete()
        return Response(status=204)


class OneToken(APIView):
    """One of one's own tokens."""

    @extend_schema(responses={204: None})
    def delete(self, request: Request, key: str) -> Response:
        """End this token."""
        if not ApiToken.objects.filter(user=request.user, token_key=key).delete()[0]:
            raise Http404
        return Response(status=204)


class Me(APIView):
    """Who asks, and with which posts today."""

    @extend_schema(responses=UserSerializer)
    def get(self, request: Request) -> Response:
        """The asking person and the posts held today."""
        user = request.user
        posts = Post.objects.filter(user=user).held_on(today()).select_related("user", "organization")
        return Response({**UserSerializer(user).data, "posts": PostSerializer(posts, many=True).data})


class _NotLetIn(Refused):
    status = 401
