"""The Chinese catalogues: whole, with the code, formulas and links of the English."""

import ast
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parent.parent / "docs"
CATALOGUES = DOCS / "locale" / "zh_CN" / "LC_MESSAGES"
PAGES = sorted(
    str(path.relative_to(CATALOGUES).with_suffix(""))
    for path in CATALOGUES.rglob("*.po")
    if path.stem != "sphinx"  # the theme's words, of no page
)
# Standard terms: where the English has the one, the Chinese has the other.
TERMS = {
    r"\bforward pass": "前向传播",
    r"\bbackpropagation": "反向传播",
    r"entry by entry": "逐元素相乘|逐个元素",
    r"\b[Dd]ropout": "随机失活",
    r"\bgradient check": "梯度检验",
    r"\bcross-entropy": "交叉熵",
    r"\blearning rate": "学习率",
}


def entries(text):
    """(msgid, msgstr) of each message; the header's msgid is empty."""
    for block in text.split("\n\n"):
        found = dict.fromkeys(("msgid", "msgstr"), "")
        for line in block.splitlines():
            if line.startswith("#"):
                assert "fuzzy" not in line, block
                continue
            word, _, rest = line.partition(" ")
            if word in found:
                field, quoted = word, rest
            else:
                quoted = line
            found[field] += ast.literal_eval(quoted)
        yield found["msgid"], found["msgstr"]


def marked(text):
    """What no translation may change: code, formulas, targets of links."""
    return sorted(re.findall(r"`[^`]*`|\$[^$]*\$|\]\([^)]*\)", text))


def faults(english, chinese):
    if not chinese:
        return ["is not translated"]
    if marked(english) != marked(chinese):
        return ["has other code, formulas or links"]
    plain = re.sub(r"`[^`]*`|\]\([^)]*\)", "", english)
    return [
        f"lacks {term}"
        for word, term in TERMS.items()
        if re.search(word, plain) and not re.search(term, chinese)
    ]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_translated_as_a_whole(page):
    _, *messages = entries((CATALOGUES / f"{page}.po").read_text().rstrip())
    found = {english: faults(english, chinese) for english, chinese in messages}
    assert {english: fault for english, fault in found.items() if fault} == {}
    assert (DOCS / f"{page}.md").exists()


def test_what_is_for_learners_is_translated():
    folders = [*(DOCS / "learn").iterdir(), *(DOCS / "answers").iterdir()]
    wanted = {str(path.relative_to(DOCS).with_suffix("")) for path in folders}
    assert wanted | {"index", "explanation/mistakes"} <= set(PAGES)


def test_a_fault_is_seen():
    english = "[Dropout](../a.md) of `A` and $b$"
    assert faults(english, "") == ["is not translated"]
    assert faults(english, "`A` 和 $b$ 的随机失活") == [
        "has other code, formulas or links"
    ]
    assert faults(english, "`A` 和 $b$ 的 [dropout](../a.md)") == ["lacks 随机失活"]
    assert faults(english, "`A` 和 $b$ 的[随机失活](../a.md)") == []
