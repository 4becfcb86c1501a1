"""A guard before any parser of office files (.docx, .xlsx): refuses packages built to do harm.

Two looks, both without unpacking more than a few kilobytes: at the directory of the zip (entries, names,
sizes, ratio) and at the prolog of every part that is XML, whatever its name. A package that passes may still
be slow to parse, so parsers run in a process of their own with limits. Free of Django.
"""

from __future__ import annotations

import io
import os
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from defusedxml.ElementTree import fromstring

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """What a package may weigh, in bytes where not said otherwise."""

    file: int = 20 * MEGABYTE
    entries: int = 2_000
    unpacked: int = 200 * MEGABYTE
    part: int = 150 * MEGABYTE
    ratio: int = 100
    """Unpacked to packed, asked of parts larger than `ratio_from`."""
    ratio_from: int = MEGABYTE
    shared_strings: int = 32 * MEGABYTE
    prolog: int = 64 * 1024


LIMITS = Limits()


class BadPackage(ValueError):
    """A package that is not opened. `code` says why, `params` holds the figures for a sentence about it."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


_CONTENT_TYPES = "[Content_Types].xml"
_MAGIC = b"PK\x03\x04"
_BOMS = (b"\x00\x00\xfe\xff", b"\xff\xfe\x00\x00", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_ENCODING = re.compile(rb"""encoding\s*=\s*["']([^"']*)["']""", re.IGNORECASE)
_ENCODINGS = {b"UTF-8", b"UTF8", b"UTF-16", b"UTF-16LE", b"UTF-16BE", b"US-ASCII", b"ASCII"}
_SHARED_STRINGS = "sharedStrings+xml"
_CONTENT_TYPES_LIMIT = MEGABYTE


def check_package(source: str | os.PathLike[str] | bytes, *, limits: Limits = LIMITS) -> None:
    """Raise BadPackage unless the office file looks harmless. Takes milliseconds and a few kilobytes."""
    size = len(source) if isinstance(source, bytes) else Path(source).stat().st_size
    if size > limits.file:
        raise BadPackage("too_large", megabytes=limits.file // MEGABYTE)
    try:
        with zipfile.ZipFile(io.BytesIO(source) if isinstance(source, bytes) else source) as package:
            _check_opening(package)
            entries = package.infolist()
            _check_directory(entries, limits)
            _check_shared_strings(package, entries, limits)
            for entry in entries:
                _check_prolog(package, entry, limits)
    except (
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        OSError,
        EOFError,
        ValueError,
        NotImplementedError,
    ) as error:
        if isinstance(error, BadPackage):
            raise
        raise BadPackage("broken") from error
    except (RuntimeError, ParseError, UnicodeError) as error:
        raise BadPackage("broken") from error
    except Exception as error:  # zlib.error and lzma.LZMAError share no base but Exception
        raise BadPackage("broken") from error


def _check_opening(package: zipfile.ZipFile) -> None:
    """A package starts with its first part: anything before it would be another file's disguise."""
    stream = package.fp
    if stream is None:
        raise BadPackage("broken")
    stream.seek(0)
    if stream.read(4) != _MAGIC:
        raise BadPackage("not_zip")


def _check_directory(entries: list[zipfile.ZipInfo], limits: Limits) -> None:
    if len(entries) > limits.entries:
        raise BadPackage("entries", entries=limits.entries)
    names: set[str] = set()
    total = 0
    for entry in entries:
        name = entry.filename
        folded = name.casefold()
        if (
            folded in names
            or name.startswith("/")
            or "\\" in entry.orig_filename
            or "\0" in entry.orig_filename
        ):
            raise BadPackage("name")
        if ".." in name.split("/") or (len(name) > 1 and name[1] == ":"):
            raise BadPackage("name")
        names.add(folded)
        if entry.flag_bits & 0x1:
            raise BadPackage("encrypted")
        if folded.endswith("vbaproject.bin"):
            raise BadPackage("macro")
        total += entry.file_size
        if entry.file_size > limits.part or total > limits.unpacked:
            raise BadPackage("unpacked", megabytes=limits.unpacked // MEGABYTE)
        if entry.file_size > limits.ratio_from and entry.file_size > limits.ratio * max(
            entry.compress_size, 1
        ):
            raise BadPackage("ratio", ratio=limits.ratio)
    if _CONTENT_TYPES.casefold() not in names:
        raise BadPackage("not_office")


def _check_shared_strings(package: zipfile.ZipFile, entries: list[zipfile.ZipInfo], limits: Limits) -> None:
    """Shared strings pass every bound of a zip and still cost half a minute: told by content type, not by name."""
    by_name = {entry.filename.casefold(): entry for entry in entries}
    listing = by_name[_CONTENT_TYPES.casefold()]
    if listing.file_size > _CONTENT_TYPES_LIMIT:
        raise BadPackage("unpacked", megabytes=limits.unpacked // MEGABYTE)
    _check_prolog(package, listing, limits)
    shared_extensions: set[str] = set()
    shared_names: set[str] = set()
    named: set[str] = set()
    for element in fromstring(package.read(listing)):
        if element.get("PartName"):
            name = str(element.get("PartName")).lstrip("/").casefold()
            named.add(name)
            if _SHARED_STRINGS in str(element.get("ContentType")):
                shared_names.add(name)
        elif _SHARED_STRINGS in str(element.get("ContentType")):
            shared_extensions.add("." + str(element.get("Extension")).casefold())
    for name, entry in by_name.items():
        by_extension = name not in named and any(name.endswith(extension) for extension in shared_extensions)
        if (name in shared_names or by_extension) and entry.file_size > limits.shared_strings:
            raise BadPackage("shared_strings", megabytes=limits.shared_strings // MEGABYTE)


def _check_prolog(package: zipfile.ZipFile, entry: zipfile.ZipInfo, limits: Limits) -> None:
    """Refuse document types and odd encodings in a part that is XML, whatever it is called."""
    with package.open(entry) as part:
        head = part.read(limits.prolog)
    for bom in _BOMS:
        if head.startswith(bom):
            head = head[len(bom) :]
            break
    # UTF-16 and UTF-32 of ASCII letters are those letters with NUL bytes between them.
    head = head.replace(b"\0", b"").lstrip(b" \t\r\n\x0b\x0c")
    if not head.startswith(b"<"):
        if entry.filename.casefold().endswith((".xml", ".rels")) and entry.file_size:
            raise BadPackage("encoding")
        return
    _walk_prolog(head)


def _walk_prolog(head: bytes) -> None:
    """Go over declarations and comments up to the root element."""
    position = 0
    while True:
        while position < len(head) and head[position] in b" \t\r\n":
            position += 1
        rest = head[position : position + 9]
        if rest.startswith(b"<?"):
            end = head.find(b"?>", position)
            declared = _ENCODING.search(head, position, end) if end >= 0 else None
            if rest[:5].lower() == b"<?xml" and declared and declared.group(1).upper() not in _ENCODINGS:
                raise BadPackage("encoding")
            position = end + 2
        elif rest.startswith(b"<!--"):
            end = head.find(b"-->", position + 4)
            position = end + 3
        elif rest.startswith(b"<!"):
            raise BadPackage("doctype")
        elif rest.startswith(b"<"):
            return
        else:
            raise BadPackage("doctype")
        if end < 0:
            raise BadPackage("doctype")
