"""The text as the rules see it: same length, same offsets, one spelling.

Full-width digits and half-width punctuation are brought to one form character by character, and the
inside of quotation marks, book titles and brackets is blanked, so that a comma inside a name
(“党支部联村、党员联户，共促振兴”行动) parts nothing and a verb inside one does nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

BLANK = "\ue000"

_ONE_FORM = str.maketrans(
    {
        **{chr(0xFF10 + digit): str(digit) for digit in range(10)},
        **{chr(0xFF21 + letter): chr(0x41 + letter) for letter in range(26)},
        **{chr(0xFF41 + letter): chr(0x61 + letter) for letter in range(26)},
        ";": "；",
        "!": "！",
        "?": "？",
        "．": ".",
        "％": "%",
        "（": "(",
        "）": ")",
        "﹙": "(",
        "﹚": ")",
        "﹒": ".",
        "｡": "。",
        "､": "、",
        "〝": "“",
        "〞": "”",
        "「": "“",
        "」": "”",
        "『": "‘",
        "』": "’",
        "〈": "《",
        "〉": "》",
        "\r": "\n",
        "\x0b": "\n",
        "\x0c": "\n",
        "\x85": "\n",
        "\u2028": "\n",
        "\u2029": "\n",
        "\u3000": " ",
        "\xa0": " ",
        "\ufeff": " ",
        "\u200b": " ",
        "兩": "两",
        "〇": "零",
    }
)
_COMMA = re.compile(r",(?!\d{3})|(?<!\d),")
_COLON = re.compile(r":(?!\d)|(?<!\d):")
# Western full stops end sentences in text pasted from the web; those of numbers and of `1.` do not.
_STOP = re.compile(r"(?<=[\u4e00-\u9fff”》)])\.(?![\dA-Za-z.])")
_QUOTED = re.compile(r'“[^“”\n。！？]{1,80}”|《[^《》\n]{1,80}》|‘[^‘’\n。！？]{1,40}’|"[^"\n。！？]{1,60}"')
_BRACKETED = re.compile(r"\([^()\n]{1,60}\)")


def _blank(match: re.Match[str]) -> str:
    inside = match.group()
    return inside[0] + BLANK * (len(inside) - 2) + inside[-1]


@dataclass(frozen=True, slots=True)
class Shadow:
    """Three views of one text, all of its length.

    `raw` is the text itself; `plain` has one spelling; `quiet` has names in quotation marks blanked as
    well; `calm` brackets, too.
    """

    raw: str
    plain: str
    quiet: str
    calm: str


def shadow_of(text: str) -> Shadow:
    """The views of a text. Linear in its length."""
    plain = text.translate(_ONE_FORM)
    plain = _COMMA.sub("，", plain)
    plain = _COLON.sub("：", plain)
    plain = _STOP.sub("。", plain)
    quiet = _QUOTED.sub(_blank, plain)
    return Shadow(text, plain, quiet, _BRACKETED.sub(_blank, quiet))
