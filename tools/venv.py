#!/usr/bin/env python3
"""Build .venv from locked requirements, or say in one line what is missing.

    python3 tools/venv.py requirements.txt [requirements-dev.txt …]

Runs before anything is installed and perhaps on a Python that is too old: standard library only, and no syntax that an
old Python could not read. Doing it again costs nothing: what was installed is remembered by the lock's checksum.
"""

import hashlib
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, "bin", "python")
NEEDED = (3, 11)


def stop(sentence):
    sys.exit("Bihuan: " + sentence)


def check_python():
    if sys.version_info < NEEDED:
        stop(
            "Python 3.11 or newer is needed, and %s is %d.%d. Install one and name it: make run PYTHON=/path/to/python3.11"
            % ((sys.executable or "python3",) + tuple(sys.version_info[:2]))
        )
    for module, remedy in (
        ("venv", "apt-get install python3-venv"),
        ("ensurepip", "apt-get install python3-venv"),
        ("sqlite3", "install a Python that was built with SQLite, or use Debian's python3"),
        ("ssl", "install a Python that was built with OpenSSL, or use Debian's python3"),
    ):
        try:
            __import__(module)
        except ImportError:
            stop("Python's module %s is missing: %s (then try again)." % (module, remedy))


def fingerprint(lock):
    digest = hashlib.sha256(("%d.%d" % tuple(sys.version_info[:2])).encode())
    with open(os.path.join(ROOT, lock), "rb") as file:
        digest.update(file.read())
    return digest.hexdigest()


def stamp(lock):
    return os.path.join(VENV, ".installed-" + os.path.basename(lock))


def is_installed(lock):
    try:
        with open(stamp(lock)) as file:
            return file.read() == fingerprint(lock)
    except (IOError, OSError):
        return False


def version_of_venv():
    """What the environment's Python says of itself; None when there is none, or its Python has gone."""
    try:
        say = "import sys; print('%d.%d' % sys.version_info[:2])"
        return subprocess.check_output([PYTHON, "-c", say], stderr=subprocess.DEVNULL).decode().strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def build():
    if version_of_venv() == "%d.%d" % tuple(sys.version_info[:2]):
        return
    if subprocess.call([sys.executable, "-m", "venv", "--clear", VENV]):
        stop(
            "the environment .venv could not be built, see above; is there room on the disk, and may you write here?"
        )


def install(lock):
    print("Installing the packages of %s into .venv …" % lock, flush=True)
    command = [PYTHON, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-input"]
    command += ["--require-hashes", "--only-binary", ":all:", "--requirement", os.path.join(ROOT, lock)]
    if subprocess.call(command):
        stop(
            "the packages of %s could not be installed, see above. Is the package index reachable? "
            "Behind a mirror set PIP_INDEX_URL; without a network, PIP_NO_INDEX=1 and PIP_FIND_LINKS=/folder."
            % lock
        )
    with open(stamp(lock), "w") as file:
        file.write(fingerprint(lock))


def main(locks):
    check_python()
    missing = [lock for lock in locks if not is_installed(lock)]
    if missing or version_of_venv() is None:
        build()
        for lock in missing or locks:
            install(lock)


if __name__ == "__main__":
    main(sys.argv[1:] or ["requirements.txt"])
