"""Lives like those of `test_lives`, but Hypothesis draws every choice: it looks elsewhere than chance does."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proof.fuzz import campaign
from proof.fuzz.choices import WORD_BITS, Choices
from proof.fuzz.life import Life
from proof.fuzz.stage import SHIPPED

WORDS = st.integers(0, 2**WORD_BITS - 1)
TURNS = 25


@settings(
    derandomize=True,
    database=None,
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
@given(st.data())
def test_bytecode_and_model_agree(data: st.DataObject) -> None:
    Life(campaign.stage_of(SHIPPED), Choices(lambda: data.draw(WORDS))).live(TURNS)
