"""Terminal tables with Japanese in them."""

from demo.table import render, shorten, width


def test_japanese_characters_take_two_columns() -> None:
    """Full-width letters and kanji are twice as wide as ASCII; half-width kana are not."""
    assert width("abc") == 3
    assert width("株式会社") == 8
    assert width("ｱ") == 1


def test_columns_stay_aligned_beside_japanese() -> None:
    """Every line's second column starts at the same place on the screen."""
    lines = render(("Name", "State"), [("アクメ商事", "ok"), ("Globex", "ok")]).splitlines()
    assert {width(line[: line.index("ok")]) for line in lines if "ok" in line} == {12}


def test_long_text_is_cut_to_its_columns() -> None:
    """A cut never leaves half a full-width character's room unused by more than one column."""
    cut = shorten("あいうえお", 6)
    assert cut == "あい…"
    assert width(cut) <= 6


def test_control_characters_do_not_reach_the_terminal() -> None:
    """A server's reply may hold escape sequences: they must not move our cursor."""
    assert "\x1b" not in render(("Reply",), [("550 \x1b[2Jgone",)])
