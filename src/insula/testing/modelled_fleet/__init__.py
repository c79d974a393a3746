"""A fleet whose parts are real and whose applications play theirs, to be held against a model: whatever is done and goes wrong."""
