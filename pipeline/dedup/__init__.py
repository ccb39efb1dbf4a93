"""Duplicates across documents: described, proposed, verified and resolved into one kept set."""

from pipeline.dedup.find import DUPLICATES, Found, find_duplicates
from pipeline.dedup.known import Known
from pipeline.dedup.room import Room
from pipeline.dedup.settings import Settings

__all__ = ["DUPLICATES", "Found", "Known", "Room", "Settings", "find_duplicates"]
