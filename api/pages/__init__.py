"""HTML for people; the pages use the public API alone."""
