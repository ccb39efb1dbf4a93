"""Benchmarks on generated text: how fast stripping and dedup are, and beside what."""
