"""newsieve: raw portal news in, clean Parquet out, and a reason for every line removed."""

__version__ = "0.1.0"
