"""The main job: passes as tasks over files, and one commit at the end."""
