"""The HTML pages. They use only the public API."""
