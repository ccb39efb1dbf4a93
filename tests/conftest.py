"""Settings of every test."""

import pytest
from hypothesis import settings

from pipeline.execute import Local
from pipeline.rules import load_packs
from pipeline.run import job
from tests.crawl import write_crawl

# A busy machine is no failure: what a property proves does not depend on how long an example takes.
settings.register_profile("newsieve", deadline=None)
settings.load_profile("newsieve")


@pytest.fixture(scope="session")
def packs():
    """Return the packs, proven once and not for every run."""
    return load_packs()


@pytest.fixture
def run_here(monkeypatch, request, packs):
    """Run tasks here, where no HTML is parsed, and so that a fault can be put in their way."""
    monkeypatch.setattr("pipeline.run.job.load_packs", lambda *_: packs)
    if "workers" not in request.keywords:
        monkeypatch.setattr(job, "executor_for", lambda *_: Local(1))


@pytest.fixture
def crawl(tmp_path):
    """Return a JSONL file of 24 articles."""
    return write_crawl(tmp_path / "crawl.jsonl", range(24))
