"""Stages: functions on lines that return the removals they found."""
