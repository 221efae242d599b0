"""Support desks where it is known what changed, to see whether an answer names it."""
