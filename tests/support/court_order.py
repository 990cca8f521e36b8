"""The two PDF files of sample case S01, written from their text with nothing but the standard library.

`python -m tests.support.court_order` writes them; the same text gives the same bytes, and a test compares.
The original uses the Adobe-Japan1 font that viewers bring or replace (not embedded), the translation uses
Helvetica. All persons, file numbers and companies are invented.
"""

from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "schemas" / "samples" / "S01"
PAGE_LINES = 44
NOTE = "Japanese original (sample). Viewers without a Japanese font: read court-order.en.pdf."

JAPANESE = (
    "東京地方裁判所　刑事第十四部",
    "令和八年(む)第三〇七号",
    "",
    "差　押　え　許　可　決　定",
    "",
    "被疑者　　　氏名不詳（通称 kingfisher_88）",
    "被疑事件　　不正アクセス行為の禁止等に関する法律違反、電子計算機使用詐欺",
    "請求者　　　東京地方検察庁特別捜査部　検察官　有馬　直人",
    "",
    "主　文",
    "　上記被疑事件について、左記の電磁的記録及び物件の差押えを許可する。",
    "",
    "記",
    "一　サーバ nl-ams-417 に関する契約者情報、支払記録及び接続記録",
    "　　（二〇二六年三月一日から同年五月三十一日まで）",
    "二　同サーバに接続された記録媒体の全部の複製",
    "",
    "理　由",
    "　疎明資料によれば、被疑者が同サーバを用いて偽の銀行画面を公開し、",
    "顧客四百十二名の識別符号を取得した疑いが認められる。",
    "差押えは犯罪事実の証明に必要であり、より緩やかな手段はない。",
    "",
    "令和八年六月十五日",
    "東京地方裁判所　裁判官　白石　恵子　　㊞",
)
ENGLISH = (
    "OFFICIAL TRANSLATION FROM THE JAPANESE",
    "",
    "Tokyo District Court, Criminal Division 14",
    "File number: Reiwa 8 (mu) 307",
    "",
    "ORDER PERMITTING SEIZURE",
    "",
    "Suspect:      name unknown (known as kingfisher_88)",
    "Case:         violation of the Act on Prohibition of Unauthorized Computer Access;",
    "              computer fraud",
    "Applicant:    Naoto Arima, public prosecutor, Tokyo District Public Prosecutors Office,",
    "              Special Investigation Department",
    "",
    "Order",
    "In the case named above the seizure of the following records and objects is permitted.",
    "",
    "1. Subscriber, payment and connection records concerning server nl-ams-417,",
    "   from 1 March 2026 to 31 May 2026.",
    "2. A complete copy of all storage media connected to that server.",
    "",
    "Reasons",
    "The material submitted gives grounds to suspect that the suspect used the server to publish",
    "copies of a bank's log-in page and thereby obtained the identification codes of 412 customers.",
    "The seizure is necessary to prove the offences, and no milder means is available.",
    "",
    "15 June 2026",
    "Keiko Shiraishi, judge, Tokyo District Court          (seal)",
    "\f",
    "ANNEX: PROVISIONS APPLIED (translation)",
    "",
    "Act on Prohibition of Unauthorized Computer Access",
    "Article 3: No person shall commit an act of unauthorized computer access.",
    "Article 4: No person shall obtain another person's identification code for the purpose of",
    "unauthorized computer access.",
    "Article 11: A person who violates Article 3 is punished by imprisonment for not more than",
    "three years or a fine of not more than 1,000,000 yen.",
    "",
    "Penal Code",
    "Article 246-2 (computer fraud): A person who obtains an unlawful economic advantage by giving",
    "false data or unauthorized commands to a computer used for the business of another is punished",
    "by imprisonment for not more than ten years.",
    "",
    "I certify that this is a faithful translation.",
    "Aya Kurosawa, official translator, Ministry of Justice of Japan, 17 June 2026",
)

HELVETICA = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
MINCHO = (
    "<< /Type /Font /Subtype /Type0 /BaseFont /HeiseiMin-W3 /Encoding /UniJIS-UTF16-H"
    " /DescendantFonts [5 0 R] >>"
)
MINCHO_CHARACTERS = (
    "<< /Type /Font /Subtype /CIDFontType0 /BaseFont /HeiseiMin-W3 /DW 1000 /W [1 94 500]"
    " /FontDescriptor 6 0 R /CIDSystemInfo << /Registry (Adobe) /Ordering (Japan1) /Supplement 5 >> >>"
)
MINCHO_DESCRIPTION = (
    "<< /Type /FontDescriptor /FontName /HeiseiMin-W3 /Flags 4 /FontBBox [-123 -257 1001 910]"
    " /ItalicAngle 0 /Ascent 709 /Descent -241 /CapHeight 709 /StemV 69 >>"
)


def hex_string(line: str, encoding: str) -> str:
    """A PDF string: hexadecimal, so that nothing needs escaping."""
    return f"<{line.encode(encoding).hex()}>"


def page_content(lines: list[str], encoding: str) -> bytes:
    """The drawing commands of one A4 page."""
    drawn = "\n".join(f"{hex_string(line, encoding)} Tj T*" for line in lines)
    note = f"BT /F2 8 Tf 64 805 Td {hex_string(NOTE, 'cp1252')} Tj ET\n" if encoding != "cp1252" else ""
    return f"{note}BT /F1 11 Tf 17 TL 64 770 Td\n{drawn}\nET".encode("ascii")


def pdf(lines: tuple[str, ...], font: tuple[str, ...], encoding: str, title: str) -> bytes:
    """A complete PDF 1.5 file: catalogue, pages, font, contents, cross-reference table."""
    pages = [page.strip("\n").split("\n") for page in "\n".join(lines).split("\f")]
    first_page = 4 + len(font)
    kids = " ".join(f"{first_page + 2 * number} 0 R" for number in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {len(pages)} /Kids [{kids}] >>".encode("ascii"),
        font[0].encode("ascii"),
        f"<< /Title ({title}) /Producer (emla sample) >>".encode("ascii"),
        *(part.encode("ascii") for part in font[1:]),
    ]
    for number, page in enumerate(pages):
        assert len(page) <= PAGE_LINES, "the text does not fit on one page"
        content = page_content(page, encoding)
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842]"
            f" /Resources << /Font << /F1 3 0 R /F2 {HELVETICA} >> >>"
            f" /Contents {first_page + 2 * number + 1} 0 R >>".encode("ascii")
        )
        objects.append(f"<< /Length {len(content)} >>\nstream\n".encode("ascii") + content + b"\nendstream")
    out, offsets = b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n".encode("ascii") + body + b"\nendobj\n"
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    trailer = (
        f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R /Info 4 0 R >>\nstartxref\n{len(out)}\n%%EOF\n"
    )
    return out + f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}{trailer}".encode("ascii")


def documents() -> dict[str, bytes]:
    """File name to content of both documents."""
    return {
        "court-order.ja.pdf": pdf(
            JAPANESE,
            (MINCHO, MINCHO_CHARACTERS, MINCHO_DESCRIPTION),
            "utf-16-be",
            "Tokyo District Court, order of 15 June 2026",
        ),
        "court-order.en.pdf": pdf(
            ENGLISH, (HELVETICA,), "cp1252", "Translation of the order of 15 June 2026"
        ),
    }


if __name__ == "__main__":
    for file_name, content in documents().items():
        (FOLDER / file_name).write_bytes(content)
        print(f"{file_name}: {len(content)} bytes")
