"""The commands of the classifier."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from mailsec.gateway.spam import command
from mailsec.gateway.spam.classifier import BaseClassifier
from mailsec.gateway.spam.made.compose import mails as made_mails
from mailsec.gateway.spam.model import from_bytes
from tests.gateway.spam.mails import small_model


def _written(folder: Path) -> list[Path]:
    paths = []
    for number, mail in enumerate(made_mails(1, 3)):
        path = folder / ("spam" if mail.spam else "ham") / f"{number:04d}.eml"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(mail.raw)
        paths.append(path)
    return paths


def test_scores_are_written_in_the_order_of_the_paths(tmp_path: Path) -> None:
    """One line a file, path and score with a tab between, fine enough to rank by."""
    paths = _written(tmp_path)[:30]
    out, errors = io.StringIO(), io.StringIO()
    lines = io.StringIO("".join(f"{path}\n" for path in paths))
    assert command.score_files(lines, BaseClassifier(small_model()), out, errors) == 0
    rows = [line.split("\t") for line in out.getvalue().splitlines()]
    assert [row[0] for row in rows] == [str(path) for path in paths]
    assert all(0 <= float(row[1]) <= 100 and len(row[1].partition(".")[2]) >= 6 for row in rows)
    assert not errors.getvalue()


def test_a_file_that_cannot_be_read_is_told_after_the_others_are_scored(tmp_path: Path) -> None:
    """It is named on standard error, has no line, and the status is 1."""
    path = _written(tmp_path)[0]
    out, errors = io.StringIO(), io.StringIO()
    lines = io.StringIO(f"{tmp_path / 'missing'}\n{tmp_path}\n\n{path}\n")
    assert command.score_files(lines, BaseClassifier(small_model()), out, errors) == 1
    assert out.getvalue().startswith(f"{path}\t")
    assert len(errors.getvalue().splitlines()) == 2


def test_an_explanation_lists_every_family(tmp_path: Path) -> None:
    """Score, logit, bias and one line for each reason."""
    path = _written(tmp_path)[-1]
    out = io.StringIO()
    assert command.explain_file(str(path), BaseClassifier(small_model()), out, io.StringIO()) == 0
    names = [line.split("\t")[0] for line in out.getvalue().splitlines()]
    assert names[:3] == ["score", "logit", "bias"]
    assert "words-body" in names


def test_training_twice_gives_the_same_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file depends on the mails and the date alone, and says what it was learnt from."""
    _written(tmp_path)
    written = []
    for name in ("one", "two"):
        out = tmp_path / f"{name}.model"
        arguments = ["train", "--ham", str(tmp_path / "ham"), "--spam", str(tmp_path / "spam")]
        arguments += ["--date", "2026-01-01", "--made", "0", "--out", str(out)]
        assert command.main(arguments) == 0
        written.append(out.read_bytes())
    assert written[0] == written[1]
    data = from_bytes(written[0]).data
    assert data["public ham"] == len(list((tmp_path / "ham").iterdir()))
    assert data["date"] == "2026-01-01"
    assert "public spam at 60 or above, %" in capsys.readouterr().out
