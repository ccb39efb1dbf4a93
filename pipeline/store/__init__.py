"""The corpus folder: tables, index, manifests and the lock."""
