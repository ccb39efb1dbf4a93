"""How right the removals are: labelled documents in, body lines lost and chrome lines left out."""
