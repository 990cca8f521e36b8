"""Tables on terminals of any width."""

import pytest

from emla.cli import screen

COLUMNS = ("At", "Event", "Package", "Id")
ROW = ("2026-11-27 08:40:17Z", "received.accepted", "7030be9fc40d", "1.10.550460d2")


@pytest.mark.parametrize("width", [200, 80, 60, 40])
@pytest.mark.parametrize("fold", [(), ("Event",)])
def test_no_table_is_cut_off(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], width: int, fold: tuple[str, ...]
) -> None:
    monkeypatch.setattr(screen, "PIPE_COLUMNS", width)
    screen.table(COLUMNS, [ROW], fold=fold)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= width
    shown = sorted("".join(lines).replace(" ", "").replace("\u2500", ""))
    assert shown == sorted("".join((*COLUMNS, *ROW)).replace(" ", ""))
