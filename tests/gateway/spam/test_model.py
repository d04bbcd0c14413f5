"""The model's file and its scale."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsec.gateway.spam import features
from mailsec.gateway.spam.model import (
    Calibration,
    UnreadableModel,
    from_bytes,
    load_base_model,
)
from tests.gateway.spam.mails import mail, small_model


def test_thresholds_become_sixty_and_ninety() -> None:
    """The defaults of the policy mean the shares of ham that they were set by."""
    scale = Calibration(tag=-1.5, quarantine=2.0)
    assert scale.score(-1.5) == pytest.approx(60)
    assert scale.score(2.0) == pytest.approx(90)


@given(st.floats(-200, 200), st.floats(-200, 200))
def test_the_scale_keeps_the_order_and_never_ends(one: float, other: float) -> None:
    """A higher logit is a higher score, also where nine decimals have to tell them apart."""
    scale = Calibration(tag=-1.5, quarantine=2.0)
    low, high = sorted((one, other))
    assert 0 < scale.score(low) <= scale.score(high) < 100
    if high - low > 0.01:
        assert f"{scale.score(low):.9f}" != f"{scale.score(high):.9f}"


def test_a_model_survives_its_file() -> None:
    """What is read scores as what was written, but for the precision of the file."""
    model = small_model()
    read = from_bytes(model.to_bytes())
    families = features.of(mail("注文書", "お世話になっております。"))
    assert read.logit(families) == pytest.approx(model.logit(families), abs=0.02)
    assert read.data == {"date": "2026-01-01"}
    assert read.to_bytes() == from_bytes(read.to_bytes()).to_bytes()


@pytest.mark.parametrize("content", [b"", b"x" * 100, small_model().to_bytes()[:-1]])
def test_what_is_no_model_is_refused(content: bytes) -> None:
    """A broken file stops the start instead of judging mail."""
    with pytest.raises(UnreadableModel):
        from_bytes(content)


def test_the_shipped_model_states_its_data() -> None:
    """Counts, hashes and the date are in the file, and it is small."""
    model = load_base_model()
    assert {"date", "public ham", "made ham", "sha256 of the ham's sorted hashes"} <= set(
        model.data
    )
    assert len(model.to_bytes()) <= 2_000_000
    assert np.isfinite(model.weights).all()
