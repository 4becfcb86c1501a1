"""What `make run` needs before it starts anything; what is missing is named in one line, with what to do."""

import fcntl
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis
from django.core.management.base import CommandError
from django.utils.translation import gettext as _

# Room for the sample committee, its uploads and a day's logs.
NEEDED_MEGABYTES = 300


def port_number(port: str) -> int:
    """Read the port as typed. Raises CommandError when it is none."""
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise CommandError(_("PORT=%(port)s is not a port number between 1 and 65535.") % {"port": port})
    return int(port)


def check_port(host: str, port: int) -> None:
    """Raise CommandError when nobody could listen there."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        raise CommandError(
            _("Port %(port)d on %(host)s cannot be used (%(error)s). Choose another: make run PORT=%(other)d")
            % {
                "port": port,
                "host": host,
                "error": error.strerror,
                "other": port + 1 if port < 65535 else 8001,
            }
        ) from error


def check_disk(folder: Path) -> None:
    """Raise CommandError when the disk is nearly full."""
    free = shutil.disk_usage(folder).free // 1_000_000
    if free < NEEDED_MEGABYTES:
        raise CommandError(
            _("Only %(free)d MB are free in %(folder)s; %(needed)d MB are needed. Make room, or set VAR_DIR.")
            % {"free": free, "folder": folder, "needed": NEEDED_MEGABYTES}
        )


def check_redis() -> None:
    """Raise CommandError when REDIS_URL names a server that does not answer."""
    url = os.environ.get("REDIS_URL")
    if not url:
        return
    address = url.replace("redis+socket://", "unix://")
    try:
        with redis.Redis.from_url(address, socket_connect_timeout=2, socket_timeout=2) as client:
            client.ping()
    except (redis.RedisError, ValueError) as error:
        raise CommandError(
            _("REDIS_URL is set, but no Redis answers there (%(error)s). Start it, or unset REDIS_URL.")
            % {"error": error}
        ) from error


@contextmanager
def only_one_in(folder: Path) -> Iterator[None]:
    """Keep a second start out of the same folder; the lock ends with the process, however it ends."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / "run.lock").open("a+")
    except OSError as error:
        raise CommandError(
            _("%(folder)s cannot be written (%(error)s). Make it writable, or set VAR_DIR to another folder.")
            % {"folder": folder, "error": error.strerror}
        ) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandError(
                _(
                    "Bihuan is already running from %(folder)s. Stop it first, or set VAR_DIR to another folder."
                )
                % {"folder": folder}
            ) from None
        yield
