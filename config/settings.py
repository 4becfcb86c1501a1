"""Every setting of Bihuan. What a machine may change comes from its environment; docs/operations.md lists it."""

import shlex
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import django_stubs_ext
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _
from environs import Env

from common.logs import logging_config
from config.database import database_from_url
from config.embedded import socket_path
from config.secret_key import kept_secret_key
from config.storage import file_storage

# Lets our classes be written with the types the checker knows, such as CharField[str, str].
django_stubs_ext.monkeypatch()

env = Env()
BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env.str("VAR_DIR", str(BASE_DIR / "var"))).resolve()

# --- who may reach it, and how -------------------------------------------------------------------------------------
DEBUG = env.bool("DEBUG", False)
SECRET_KEY = env.str("SECRET_KEY", "") or kept_secret_key(VAR_DIR / "secret_key")
# Older keys that still read what they have written: sessions, second factors.
SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", [])
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", [])
# HTTPS=true when people reach the site through TLS: cookies then never travel without it.
HTTPS = env.bool("HTTPS", False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
if HTTPS:
    # A browser takes such a cookie only from this very host, over TLS, for all paths.
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_PROXY", False) else None
# How many of our own proxies stand before it, each adding its caller to X-Forwarded-For.
PROXIES = env.int("PROXIES", 1) if SECURE_PROXY_SSL_HEADER else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
# A session lives as long as it is used, see IDLE_SECONDS, and then its row goes after half a day.
SESSION_COOKIE_AGE = 43_200
# No inline script or style anywhere, nothing from outside; `data:` pictures are the arrows in Bootstrap's own CSS.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# --- what it is made of --------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "config",
    "reports",
    "tracker",
    "branches",
    "common",
    "branches.admin_site.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "csp",
    "django_htmx",
    "bootstrap",
    "heroicons",
    "rest_framework",
    "knox",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]
MIDDLEWARE = [
    "common.logs.RequestMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "branches.middleware.AuditRefusalsMiddleware",
    "branches.middleware.SessionEndMiddleware",
    # A page is closed unless it says `login_not_required`: forgetting a decorator must not open one.
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "branches.middleware.ActorMiddleware",
    "branches.middleware.FirstThingsFirstMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "common.middleware.FrameMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
CSRF_FAILURE_VIEW = "common.views.csrf_failure"
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- what it remembers ---------------------------------------------------------------------------------------------
DATABASES = {
    "default": database_from_url(
        env.str("DATABASE_URL", f"sqlite:///{quote(str(VAR_DIR / 'bihuan.sqlite3'))}")
    )
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": env.dj_cache_url("CACHE_URL", "locmem://")}
MEDIA_ROOT = Path(env.str("MEDIA_ROOT", str(VAR_DIR / "media")))
# Where each day's signed digest of all histories is kept: best on another disk or machine than the database.
ANCHOR_DIR = Path(env.str("ANCHOR_DIR", str(VAR_DIR / "anchors")))
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
# A command that is asked about each file, such as `clamdscan --fdpass --no-summary`: 0 clean, 1 infected, else failed.
EVIDENCE_SCANNER = shlex.split(env.str("EVIDENCE_SCANNER", ""))
EVIDENCE_SCANNER_SECONDS = min(env.int("EVIDENCE_SCANNER_SECONDS", 60), 60)
# How much evidence there may be; 0: off.
EVIDENCE_TASK_MB = env.int("EVIDENCE_TASK_MB", 500)
EVIDENCE_ORGANIZATION_MB = env.int("EVIDENCE_ORGANIZATION_MB", 2048)
EVIDENCE_FILES_A_DAY = env.int("EVIDENCE_FILES_A_DAY", 500)
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", str(VAR_DIR / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder", "config.assets.AllowListFinder"]
STORAGES = {
    "default": file_storage(env),
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "config.assets.AssetStorage"
    },
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG

# --- programs -------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "branches.api.authentication.PersonToken",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_FILTER_BACKENDS": [
        "django_filters.rest_framework.DjangoFilterBackend",
        "rest_framework.filters.OrderingFilter",
    ],
    "DEFAULT_PAGINATION_CLASS": "common.api.pages.Pages",
    "DEFAULT_SCHEMA_CLASS": "common.api.description.FirstLine",
    "DEFAULT_THROTTLE_CLASSES": [
        "common.api.throttles.PersonThrottle",
        "common.api.throttles.StrangerThrottle",
    ],
    "DEFAULT_THROTTLE_RATES": {
        "user": env.str("API_RATE", "1200/min"),
        "anon": env.str("API_RATE_STRANGERS", "60/min"),
        "door": env.str("API_RATE_SIGN_IN", "20/min"),
    },
    "NUM_PROXIES": PROXIES,
    "EXCEPTION_HANDLER": "common.api.errors.answer",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
KNOX_TOKEN_MODEL = "branches.ApiToken"  # noqa: S105 - a model
# Knox's own migrations would make its table beside ours: nobody fills it, and a flush on PostgreSQL stumbles over it.
MIGRATION_MODULES = {"knox": None}
REST_KNOX = {"TOKEN_TTL": timedelta(days=env.int("API_TOKEN_DAYS", 30)), "AUTH_HEADER_PREFIX": "Token"}
SPECTACULAR_SETTINGS = {
    "TITLE": "Bihuan",
    "DESCRIPTION": "From what a half-year speech asks for to what every branch has done about it.",
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "PlanState": "tracker.models.Plan.State",
        "MeasureState": "tracker.models.Measure.State",
        "TaskState": "tracker.models.Task.State",
        "FindingState": "tracker.models.Finding.State",
        "InspectionState": "tracker.models.Inspection.State",
        "JobState": "common.models.Job.State",
        "PlanKind": "tracker.models.Plan.Kind",
        "FindingKind": "tracker.models.Finding.Kind",
        "OrganizationKind": "branches.models.Organization.Kind",
        "WorkdayKind": "common.models.Workday.Kind",
    },
}

# --- who signs in --------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "branches.User"
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/sign-in/"
AUTHENTICATION_BACKENDS = ["branches.backends.AccountBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "branches.passwords.InitialPasswordHasher",
]
# The usual numbers of a system of grade 2 or 3: 8 characters of 3 kinds, 90 days, 5 tries, 300 s, idle 600 s. 0: off.
LOAD_CEILING = env.int("LOAD_CEILING", 12)
OPEN_AHEAD_DAYS = env.int("OPEN_AHEAD_DAYS", 184)
PASSWORD_MIN_LENGTH = env.int("PASSWORD_MIN_LENGTH", 8)
PASSWORD_KINDS = env.int("PASSWORD_KINDS", 3)
PASSWORD_MAX_AGE_DAYS = env.int("PASSWORD_MAX_AGE_DAYS", 90)
INITIAL_PASSWORD_DAYS = env.int("INITIAL_PASSWORD_DAYS", 30)
LOCKOUT_TRIES = env.int("LOCKOUT_TRIES", 5)
LOCKOUT_SECONDS = env.int("LOCKOUT_SECONDS", 300)
IDLE_SECONDS = env.int("IDLE_SECONDS", 600)
_VALIDATION = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"{_VALIDATION}.MinimumLengthValidator", "OPTIONS": {"min_length": PASSWORD_MIN_LENGTH}},
    {"NAME": "branches.passwords.KindsValidator", "OPTIONS": {"kinds": PASSWORD_KINDS}},
    {
        "NAME": f"{_VALIDATION}.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "name", "email")},
    },
    {"NAME": f"{_VALIDATION}.CommonPasswordValidator"},
]
# Posts whose holders must have a second factor, such as ADMINISTRATOR,SECURITY_OFFICER,AUDITOR. Others may.
SECOND_FACTOR_FOR: frozenset[str] = frozenset(env.list("SECOND_FACTOR_FOR", []))
OTP_ISSUER = env.str("OTP_ISSUER", "Bihuan")
# The organisation's own identity provider (OpenID Connect): on as soon as an issuer is named.
OIDC_ISSUER = env.str("OIDC_ISSUER", "")
OIDC_CLIENT_ID = env.str("OIDC_CLIENT_ID", "")
OIDC_CLIENT_SECRET = env.str("OIDC_CLIENT_SECRET", "")
OIDC_USERNAME_CLAIM = env.str("OIDC_USERNAME_CLAIM", "preferred_username")
OIDC_LABEL = env.str("OIDC_LABEL", "")

# --- language and time: stored in UTC, lived in Shanghai -----------------------------------------------------------
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True

# --- jobs: the database is the truth, Celery the engine, Redis only the bell ---------------------------------------
CELERY_BROKER_URL = env.str("REDIS_URL", "") or f"redis+socket://{socket_path(VAR_DIR)}"
# The documentation of Celery wants the visibility timeout in both places. It holds one job behind another: 2 × 120 s.
CELERY_VISIBILITY_TIMEOUT = 300
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": CELERY_VISIBILITY_TIMEOUT,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "health_check_interval": 25,
}
# Results live in our own tables; a result backend would block a request for 19 s when Redis is down.
CELERY_TASK_IGNORE_RESULT = True
# A killed worker's message comes back. That needs jobs that may run twice, and an attempt counter in the database.
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_SOFT_TIME_LIMIT = 100
CELERY_TASK_TIME_LIMIT = 120
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 30
CELERY_WORKER_MAX_TASKS_PER_CHILD = 200
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TIMEZONE = TIME_ZONE
# The sweep has a queue and a worker of its own, so that no import can starve it. Ticks expire: no pile of stale ones.
CELERY_TASK_DEFAULT_QUEUE = "jobs"
CELERY_TASK_ROUTES = {"tracker.sweep": {"queue": "sweep"}}
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "tracker.sweep", "schedule": 30.0, "options": {"expires": 25}},
    "jobs": {"task": "common.run_jobs", "schedule": 2.0, "options": {"expires": 2}},
    "fold": {"task": "tracker.fold", "schedule": 120.0, "options": {"expires": 60}},
    "anchor": {"task": "tracker.anchor", "schedule": 1800.0, "options": {"expires": 1800}},
}
if EVIDENCE_SCANNER:
    CELERY_BEAT_SCHEDULE["scan"] = {"task": "tracker.scan", "schedule": 5.0, "options": {"expires": 5}}

# --- what it tells the person who runs it --------------------------------------------------------------------------
LOGGING = logging_config(level=env.str("LOG_LEVEL", "INFO"), as_json=env.bool("LOG_JSON", not DEBUG))
