"""A `Page` as PDF, by typst (the extra ``pdf``). Import this only where a PDF is wanted: typst is large.

Rules of this file:
- Everything typst may need is loaded by `load_typesetter`: the template, and by a first page the fonts, those of the system too.
  What it returns opens no file.
- The same page gives the same bytes: no date of today, no random id.
- PDF/A-2a and PDF/UA-1 where every letter can be shown. Where a font is missing, the page is made without these standards and a
  note says which scripts look wrong; typst never leaves out a letter silently.
"""

from collections.abc import Callable
from importlib.resources import as_file, files

import typst

from emla.pages.page import Entry, Page, Value
from emla.pages.typeset import other_scripts, typeset

_STANDARDS: "list[typst.PDFStandard]" = ["a-2a", "ua-1"]
_LETTERS = "Aą Жж Ωω عربي אב 汉漢 かカ 한 हि বা த తె ಕ മ ગ ਪ ไท ລາ မြ ខ ⴰ አ հ ქ སོ ⟨"
"""A letter of each script, so that the font typst takes for it is in memory before the process is confined."""


_NAMES = {"CJK": "Chinese characters"}


def load_typesetter() -> Callable[[Page], tuple[bytes, tuple[str, ...]]]:
    """Load typst, the template and the fonts.

    Returns:
        A function from a page to its PDF and notes for the person.
    """
    template = files("emla.pages").joinpath("page.typ").read_bytes()
    with as_file(files("emla.pages").joinpath("fonts")) as folder:
        fonts = typst.Fonts(include_system_fonts=True, include_embedded_fonts=True, font_paths=[str(folder)])
        compiler = typst.Compiler(font_paths=fonts)
        _compile(compiler, template, _FIRST, standard=False)
    return lambda page: _print(compiler, template, page)


def _print(compiler: typst.Compiler, template: bytes, page: Page) -> tuple[bytes, tuple[str, ...]]:
    try:
        return _compile(compiler, template, page, standard=True), ()
    except typst.TypstError:
        data = _compile(compiler, template, page, standard=False)
    scripts = ", ".join(_NAMES.get(each, each.capitalize()) for each in other_scripts(page)) or "some signs"
    note = (
        f"The PDF cannot show every letter: there is no font for {scripts}. Install one (Debian: fonts-noto-core,"
        " fonts-noto-cjk), or print the HTML page instead. Because of this it is not PDF/A either."
    )
    return data, (note,)


def _compile(compiler: typst.Compiler, template: bytes, page: Page, *, standard: bool) -> bytes:
    made = compiler.compile(
        input=template,
        format="pdf",
        sys_inputs={"data": typeset(page)},
        pdf_standards=_STANDARDS if standard else [],
        timestamp=0,
    )
    if not isinstance(made, bytes):
        raise TypeError("typst made no single file")
    return made


_FIRST = Page(
    kind="x",
    title="x",
    language="en",
    issued_at=None,
    findings=(),
    fingerprint="0" * 64,
    sections=(
        Entry(label=_LETTERS, values=(Value(text=_LETTERS), Value(text=_LETTERS, note=_LETTERS, exact=True))),
        Entry(label="x", entries=(Entry(label=_LETTERS, values=(Value(text=_LETTERS),)),)),
    ),
)
