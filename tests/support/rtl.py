"""A message whose author writes from right to left, and one whose author wants to deceive the reader of a page.

Both are sample case S01 with other texts, so that they stay valid when the schemas grow.
"""

from pathlib import Path

SAMPLES = Path(__file__).parents[2] / "schemas" / "samples" / "S01"
ARABIC_PURPOSE = "تحديد هوية الشخص الذي استعمل الاسم kingfisher_88 وإثبات الجرائم أمام المحكمة."
ARABIC_NAME = "الشمري"
HOSTILE = (
    '<script>alert(1)</script> <img src=x onerror=alert(2)> ]]&gt; #include "/etc/passwd" #eval("1") $x$ @label '
    "\\u{202E}, and for real: \u202egpj.exe\u202c \u2066isolated\u2069"
)


def sample() -> str:
    """S01 as text."""
    return (SAMPLES / "mla-request.xml").read_text(encoding="utf-8")


def right_to_left() -> bytes:
    """S01 with Arabic texts among Latin ids."""
    text = sample().replace("<FamilyName>Morikawa<", f"<FamilyName>{ARABIC_NAME}<")
    begin, end = text.index("<r:Purpose>") + len("<r:Purpose>"), text.index("</r:Purpose>")
    return (text[:begin] + ARABIC_PURPOSE + text[end:]).encode()


def hostile() -> bytes:
    """S01 with texts that are markup, typst code and turns of direction."""
    escaped = HOSTILE.replace("&gt;", ">").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = sample().replace("<FamilyName>Morikawa<", f"<FamilyName>{escaped[:150]}<")
    begin, end = text.index("<r:Purpose>") + len("<r:Purpose>"), text.index("</r:Purpose>")
    return (text[:begin] + escaped + text[end:]).encode()
