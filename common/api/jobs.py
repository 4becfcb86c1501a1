"""Long work as programs read it."""

from __future__ import annotations

from rest_framework import serializers

from common.models import Job


class JobSerializer(serializers.ModelSerializer):
    """Long work one asked for: its state, how far it is, and what it says."""

    class Meta:
        model = Job
        fields = ("id", "kind", "state", "done", "total", "message", "created_at", "finished_at")
        read_only_fields = fields
