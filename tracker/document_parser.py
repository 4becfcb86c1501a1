"""The parser of .docx and .pdf, run as a program of its own with hard limits.

    python document_parser.py docx|pdf MAX_CHARACTERS MEMORY_BYTES CPU_SECONDS < FILE > TEXT

Prints the text as UTF-8. Exit codes: see EXITS. Whatever a hostile file does here ends with this process.
"""

from __future__ import annotations

import io
import re
import resource
import sys
import unicodedata
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

EXITS = {3: "encrypted", 4: "scanned", 5: "broken", 6: "too_costly", 7: "too_long"}
MAX_PAGES = 500
MAX_PARAGRAPHS = 100_000
_CODES = {code: number for number, code in EXITS.items()}
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_NOT_TEXT = {
    f"{_W}{tag}" for tag in ("del", "moveFrom", "pPr", "rPr", "drawing", "pict", "object", "instrText")
}
_ALTERNATIVE = "{http://schemas.openxmlformats.org/markup-compatibility/2006}AlternateContent"
_CHINESE_FORMATS = (
    "chineseCounting",
    "chineseCountingThousand",
    "japaneseCounting",
    "taiwaneseCounting",
    "ideographDigital",
)
_PAGE_NUMBER = re.compile(r"[-—–·\s]*(?:第\s*)?\d{1,4}(?:\s*页)?(?:\s*[/共]\s*\d{1,4}\s*页?)?[-—–·\s]*")
_SPACED_OUT = re.compile(
    r"(?<=[\u4e00-\u9fff，。、；：！？“”《》（）]) +(?=[\u4e00-\u9fff，。、；：！？“”《》（）])"
)
_OPENS_LINE = re.compile(
    r"\s*(?:[一二三四五六七八九十]{1,3}、|[（(][一二三四五六七八九十\d]{1,3}[）)]|\d{1,2}[.、．](?!\d)|第[一二三四五六七八九十]{1,3}[部章条，、])"
)
_CLOSES_LINE = "。！？：；"


class Stop(Exception):
    """Ends the program with the exit code of a reason."""


def docx_text(data: bytes, limit: int) -> str:
    """Paragraphs and tables of a Word document in order; table rows as lines with tabs."""
    import docx

    document = docx.Document(io.BytesIO(data))
    numbers = Numbering(document)
    lines: list[str] = []
    length = 0
    for line in _blocks(document.element.body, numbers):
        lines.append(line)
        length += len(line) + 1
        if length > limit:
            raise Stop("too_long")
        if len(lines) > MAX_PARAGRAPHS:
            raise Stop("too_long")
    return "\n".join(lines)


def _blocks(parent: Any, numbers: Numbering) -> Iterator[str]:
    """The lines of a body, a cell or a content control."""
    for child in parent:
        if child.tag == f"{_W}p":
            yield from (numbers.label(child) + _text(child)).split("\n")
        elif child.tag == f"{_W}tbl":
            for row in child.iter(f"{_W}tr"):
                cells = [
                    " ".join(line for line in _blocks(cell, numbers) if line)
                    for cell in row.findall(f"{_W}tc")
                ]
                yield "\t".join(cells)
        elif child.tag in (f"{_W}sdt", f"{_W}sdtContent", f"{_W}ins", f"{_W}customXml", f"{_W}smartTag"):
            yield from _blocks(child, numbers)


def _text(element: Any) -> str:
    """What a paragraph shows: insertions count, deletions and drawings do not."""
    found: list[str] = []
    waiting = list(element)[::-1]
    while waiting:
        node = waiting.pop()
        if node.tag in _NOT_TEXT or node.tag == _ALTERNATIVE:
            continue
        if node.tag == f"{_W}t":
            found.append(node.text or "")
        elif node.tag in (f"{_W}tab", f"{_W}ptab"):
            found.append(" ")
        elif node.tag in (f"{_W}br", f"{_W}cr"):
            found.append("\n")
        elif node.tag == f"{_W}noBreakHyphen":
            found.append("-")
        else:
            waiting.extend(list(node)[::-1])
    return "".join(found)


class Numbering:
    """Word's automatic numbers (一、 （一） 1.), which stand in no run of text."""

    def __init__(self, document: Any) -> None:
        self.levels: dict[str, dict[int, tuple[str, str, int]]] = {}
        self.counts: dict[str, dict[int, int]] = {}
        self.by_style: dict[str, tuple[str, int]] = {}
        try:
            root = document.part.numbering_part.element
        except (KeyError, NotImplementedError, AttributeError):
            return
        abstract = {
            one.get(f"{_W}abstractNumId"): self._levels(one) for one in root.findall(f"{_W}abstractNum")
        }
        for num in root.findall(f"{_W}num"):
            reference = num.find(f"{_W}abstractNumId")
            if reference is not None:
                self.levels[num.get(f"{_W}numId")] = abstract.get(reference.get(f"{_W}val"), {})
        for style in document.styles.element.findall(f"{_W}style"):
            found = self._numbered(style.find(f"{_W}pPr"))
            if found:
                self.by_style[style.get(f"{_W}styleId")] = found

    @staticmethod
    def _levels(abstract: Any) -> dict[int, tuple[str, str, int]]:
        found: dict[int, tuple[str, str, int]] = {}
        for level in abstract.findall(f"{_W}lvl"):
            values = {
                tag: node.get(f"{_W}val")
                for tag in ("numFmt", "lvlText", "start")
                if (node := level.find(f"{_W}{tag}")) is not None
            }
            start = values.get("start") or "1"
            found[int(level.get(f"{_W}ilvl") or 0)] = (
                values.get("numFmt") or "decimal",
                values.get("lvlText") or "",
                int(start) if start.isdigit() else 1,
            )
        return found

    @staticmethod
    def _numbered(properties: Any) -> tuple[str, int] | None:
        numbered: Any = properties.find(f"{_W}numPr") if properties is not None else None
        if numbered is None:
            return None
        number = numbered.find(f"{_W}numId")
        if number is None:
            return None
        level = numbered.find(f"{_W}ilvl")
        text = level.get(f"{_W}val") if level is not None else "0"
        return number.get(f"{_W}val"), int(text) if text.isdigit() else 0

    def label(self, paragraph: Any) -> str:
        """The number a paragraph shows, and the next one counted."""
        properties = paragraph.find(f"{_W}pPr")
        found = self._numbered(properties)
        if found is None and properties is not None:
            style = properties.find(f"{_W}pStyle")
            found = self.by_style.get(style.get(f"{_W}val")) if style is not None else None
        if found is None:
            return ""
        number, level = found
        levels = self.levels.get(number, {})
        if level not in levels:
            return ""
        counts = self.counts.setdefault(number, {})
        counts[level] = counts.get(level, levels[level][2] - 1) + 1
        for deeper in [one for one in counts if one > level]:
            del counts[deeper]
        shape, pattern, _ = levels[level]
        if shape in ("bullet", "none"):
            return ""
        return re.sub(r"%(\d)", lambda match: self._shown(levels, counts, int(match.group(1)) - 1), pattern)

    @staticmethod
    def _shown(levels: dict[int, tuple[str, str, int]], counts: dict[int, int], level: int) -> str:
        shape, _, start = levels.get(level, ("decimal", "", 1))
        count = counts.get(level, start)
        return chinese(count) if shape in _CHINESE_FORMATS else str(count)


def chinese(count: int) -> str:
    """A number below a hundred in Chinese numerals, larger ones in digits."""
    digits = "零一二三四五六七八九"
    if not 0 < count < 100:
        return str(count)
    tens, ones = divmod(count, 10)
    return ("" if not tens else ("十" if tens == 1 else digits[tens] + "十")) + (digits[ones] if ones else "")


def pdf_text(data: bytes, limit: int) -> str:
    """The text layer of a PDF, its hard-wrapped lines joined to paragraphs."""
    import pypdf
    from pypdf.errors import DependencyError, FileNotDecryptedError

    try:
        reader = pypdf.PdfReader(io.BytesIO(data), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise Stop("encrypted")
        pages: list[str] = []
        length = 0
        for number, page in enumerate(reader.pages):
            if number >= MAX_PAGES:
                raise Stop("too_long")
            pages.append(page.extract_text() or "")
            length += len(pages[-1])
            if length > limit:
                raise Stop("too_long")
    except (DependencyError, FileNotDecryptedError) as error:
        raise Stop("encrypted") from error
    text = paragraphs("\n".join(pages))
    if len(text) < _LEAST_PER_PAGE * max(len(pages), 1):
        raise Stop("scanned")
    return text


_LEAST_PER_PAGE = 8


def paragraphs(text: str) -> str:
    """Lines that were broken at the margin joined again; page numbers dropped; radicals written as characters."""
    text = "".join(unicodedata.normalize("NFKC", c) if "\u2e80" <= c <= "\u2fdf" else c for c in text)
    lines = [_SPACED_OUT.sub("", line.strip()) for line in text.splitlines()]
    lines = [line for line in lines if line and not _PAGE_NUMBER.fullmatch(line)]
    if not lines:
        return ""
    widths = sorted(len(line) for line in lines)
    full = widths[int(len(widths) * 0.8)] * 0.85
    joined: list[str] = [lines[0]]
    for before, line in pairwise(lines):
        broken = len(before) >= full and before[-1] not in _CLOSES_LINE and not _OPENS_LINE.match(line)
        wrapped_sentence = (
            len(before) >= full
            and before[-1] in _CLOSES_LINE
            and not _OPENS_LINE.match(line)
            and len(before) >= widths[-1]
        )
        if broken or wrapped_sentence:
            joined[-1] += line
        else:
            joined.append(line)
    return "\n".join(joined)


def main(arguments: list[str]) -> int:
    """Set the limits, parse, print. The exit code says what went wrong."""
    kind, limit, memory, seconds = arguments[0], int(arguments[1]), int(arguments[2]), int(arguments[3])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.setrecursionlimit(2000)
    data = sys.stdin.buffer.read()
    try:
        text = docx_text(data, limit) if kind == "docx" else pdf_text(data, limit)
        encoded = text.encode("utf-8", errors="replace")
    except Stop as stop:
        return _CODES[str(stop)]
    except (MemoryError, RecursionError):
        return _CODES["too_costly"]
    except Exception:  # noqa: BLE001 - whatever a parser of hostile files raises, the answer is the same
        return _CODES["broken"]
    sys.stdout.buffer.write(encoded)
    sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
