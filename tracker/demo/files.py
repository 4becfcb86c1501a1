"""Small pictures and papers that stand for evidence. The same content is made once and shown by many."""

from __future__ import annotations

import struct
import zlib
from functools import cache
from random import Random

from django.core.files.base import ContentFile

_WIDTH, _HEIGHT = 480, 320
_PAGE = (
    b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
    b"/Resources << /Font << /F1 5 0 R >> >> >>"
)
# A standard CJK font that readers bring along: nothing has to be embedded.
_FONT = (
    b"<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H /DescendantFonts [6 0 R] >>",
    (
        b"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /DW 1000 "
        b"/CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 2 >> /FontDescriptor 7 0 R >>"
    ),
    (
        b"<< /Type /FontDescriptor /FontName /STSong-Light /Flags 6 /FontBBox [-25 -254 1000 880] "
        b"/ItalicAngle 0 /Ascent 880 /Descent -120 /CapHeight 880 /StemV 93 >>"
    ),
)


def paper(name: str, title: str, lines: tuple[str, ...]) -> ContentFile[bytes]:
    """A one-page PDF with a title and some lines of Chinese text."""
    return ContentFile(_pdf(title, lines), name=f"{name}.pdf")


def picture(name: str, number: int) -> ContentFile[bytes]:
    """A stylised meeting room as a PNG; equal numbers give equal pictures."""
    return ContentFile(_png(number), name=f"{name}.png")


@cache
def _pdf(title: str, lines: tuple[str, ...]) -> bytes:
    shown = [f"BT /F1 20 Tf 72 760 Td <{_hex(title)}> Tj ET"]
    shown += [
        f"BT /F1 12 Tf 72 {720 - 22 * row} Td <{_hex(line)}> Tj ET"
        for row, line in enumerate(_wrapped(lines))
    ]
    content = "\n".join(shown).encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        _PAGE,
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        *_FONT,
    ]
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)


def _wrapped(lines: tuple[str, ...], width: int = 37) -> list[str]:
    return [line[at : at + width] for line in lines for at in range(0, max(len(line), 1), width)]


def _hex(text: str) -> str:
    return text.encode("utf-16-be").hex()


@cache
def _png(number: int) -> bytes:
    rng = Random(f"picture {number}")  # noqa: S311 - repeatable on purpose
    wall = tuple(rng.randint(205, 235) for _ in range(3))
    wood = (rng.randint(120, 160), rng.randint(85, 110), rng.randint(55, 80))
    cloth = tuple(rng.randint(40, 110) for _ in range(3))
    seats = rng.randint(5, 8)
    rows = []
    for y in range(_HEIGHT):
        fade = 1 - y / (3 * _HEIGHT)
        row = bytearray(bytes(int(c * fade) for c in wall) * _WIDTH)
        if 36 <= y < 76:
            row[3 * 90 : 3 * 390] = bytes((168, 32, 26)) * 300
        if 52 <= y < 60:
            row[3 * 150 : 3 * 330] = bytes((240, 205, 90)) * 180
        if 190 <= y < 250:
            row[3 * 40 : 3 * 440] = bytes(wood) * 400
        if 130 <= y < 190 or 262 <= y < 310:
            for seat in range(seats):
                at = 60 + seat * (360 // seats)
                row[3 * at : 3 * (at + 26)] = bytes(cloth) * 26
        rows.append(b"\x00" + bytes(row))
    head = struct.pack(">IIBBBBB", _WIDTH, _HEIGHT, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", head), (b"IDAT", zlib.compress(b"".join(rows), 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    )
