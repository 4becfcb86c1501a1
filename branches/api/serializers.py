"""Organizations, posts, users and terms as programs read them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from branches.models import Organization, Post, Term, User
from common.api.fields import Strict


class OrganizationInSight(serializers.PrimaryKeyRelatedField):
    """An organisation by its id; one that the asking person cannot see does not exist."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(queryset=Organization.objects.none(), **kwargs)

    def get_queryset(self) -> Any:
        """The organisations in sight of the view's actor."""
        actor = getattr(self.context.get("view"), "actor", None)
        return Organization.objects.visible_to(actor) if actor else Organization.objects.none()


class OrganizationSerializer(serializers.ModelSerializer):
    """One organisation. ``version`` stands also in the ETag; changes name it as If-Match."""

    class Meta:
        model = Organization
        fields = (
            "id", "kind", "code", "name", "short_name", "unit", "parent", "area", "second_superior", "linked_leader",
            "full_members", "probationary_members", "active_from", "active_until", "version",
        )  # fmt: skip
        read_only_fields = fields


class OrganizationChange(Strict, serializers.ModelSerializer):
    """What may be changed about an organisation without moving it."""

    class Meta:
        model = Organization
        fields = ("name", "short_name", "unit", "full_members", "probationary_members")


class PostSerializer(serializers.ModelSerializer):
    """Who holds which role in which organisation, from when to when; the last day still counts."""

    user_name = serializers.CharField(source="user.name", read_only=True)
    organization_name = serializers.CharField(source="organization.short_name", read_only=True)

    class Meta:
        model = Post
        fields = ("id", "user", "user_name", "organization", "organization_name", "role", "since", "until")
        read_only_fields = fields


class UserSerializer(serializers.ModelSerializer):
    """A person with a post in sight: account and name, nothing private."""

    class Meta:
        model = User
        fields = ("id", "username", "name", "is_active")
        read_only_fields = fields


class TermSerializer(serializers.ModelSerializer):
    """A term of office (届次) and the day its re-election falls due."""

    class Meta:
        model = Term
        fields = ("id", "organization", "number", "began_on", "years", "due_on", "approval", "ended_on")
        read_only_fields = fields


class SignIn(Strict):
    """Account and password, the code of the second factor where the account has one, and what the token is for."""

    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=200, style={"input_type": "password"})
    code = serializers.CharField(max_length=40, required=False, allow_blank=True)
    name = serializers.CharField(max_length=60, required=False, allow_blank=True)


class NewToken(serializers.Serializer):
    """A new token. It is shown this once."""

    id = serializers.CharField()
    token = serializers.CharField()
    expiry = serializers.DateTimeField()


class OwnTokenSerializer(serializers.Serializer):
    """A token of one's own, without its secret."""

    id = serializers.CharField(source="token_key")
    name = serializers.CharField()
    created = serializers.DateTimeField()
    expiry = serializers.DateTimeField()
