"""Settings: read from run.toml or a manifest, checked before any work."""

import pytest

from pipeline.config import RunConfig, load_config
from pipeline.errors import ConfigError


def message(folder, text):
    """Return the message with which a run.toml is refused."""
    path = folder / "run.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_defaults_need_no_file():
    """Without a file every setting has its default."""
    assert load_config(None) == RunConfig()


def test_an_unknown_key_is_refused_with_the_one_meant(tmp_path):
    """A mistyped key stops the run before it starts and names the key that was probably meant."""
    assert message(tmp_path, "[dedup]\ntreshold = 0.9") == (
        'run.toml: unknown key "treshold" in [dedup]; did you mean "threshold"? '
        "Nothing was started; mend or remove the key."
    )


def test_an_unknown_table_is_refused_with_those_known(tmp_path):
    """A key like none that exists is refused with the list of those that do."""
    assert message(tmp_path, "[zzz]") == (
        'run.toml: unknown key "zzz"; known are fields, strip, rules, dedup, output, run. '
        "Nothing was started; mend or remove the key."
    )


def test_a_value_out_of_range_is_refused(tmp_path):
    """A value outside its range names its key and the range."""
    assert message(tmp_path, "[dedup]\nthreshold = 2") == (
        "run.toml: dedup.threshold: Expected `float` <= 1.0. Nothing was started; mend this value."
    )


def test_packs_stand_beside_the_file_that_names_them(tmp_path):
    """A pack's path is relative to run.toml, not to where the command was typed."""
    path = tmp_path / "run.toml"
    path.write_text('[rules]\npacks = ["mine.toml"]', "utf-8")

    assert load_config(path).rules.packs == (str(tmp_path / "mine.toml"),)


def test_a_manifest_is_a_config(tmp_path):
    """The settings of an earlier run are read from its manifest."""
    path = tmp_path / "00000001.json"
    path.write_text('{"run": 1, "config": {"dedup": {"threshold": 0.9}}}', "utf-8")

    assert load_config(path).dedup.threshold == 0.9


def test_other_json_is_no_manifest(tmp_path):
    """JSON without a config is refused in words."""
    path = tmp_path / "x.json"
    path.write_text("[1]", "utf-8")

    with pytest.raises(ConfigError, match=r"x\.json: not a manifest of newsieve\. Nothing was started\."):
        load_config(path)
