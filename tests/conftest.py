"""Settings of every test."""

from hypothesis import settings

# A busy machine is no failure: what a property proves does not depend on how long an example takes.
settings.register_profile("newsieve", deadline=None)
settings.load_profile("newsieve")
