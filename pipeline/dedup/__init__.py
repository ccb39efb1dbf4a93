"""Duplicates across documents: described, proposed, verified and resolved into one kept set."""

from pipeline.dedup.describe import describe
from pipeline.dedup.find import DUPLICATES, Found, Known, find_duplicates
from pipeline.dedup.settings import Settings

__all__ = ["DUPLICATES", "Found", "Known", "Settings", "describe", "find_duplicates"]
