"""Pages made to hurt: none takes long, none hurts another, and none is read in part without a word."""

import pytest

from pipeline.extract.limits import cpu_limit
from pipeline.read.html import declared_charset, declared_url


@pytest.mark.parametrize(
    "head",
    [
        "<meta canonical " * 20000,
        f"<meta canonical {'a' * 250000}>",
        f"<meta canonical {'a ' * 125000}>",
        f"<meta canonical a{' ' * 250000}>",
        "<style></" * 28000,
        "<meta charset" * 20000,
        f"<meta charset={' ' * 16000}",
    ],
    ids=lambda head: head[:24],
)
def test_a_head_of_one_sign_repeated_takes_no_time(head):
    """What a page declares is found in time in proportion to its head, whatever repeats there."""
    with cpu_limit(5):  # as it was: up to minutes
        assert declared_url(head) is None
        assert declared_charset(head.encode()) is None
