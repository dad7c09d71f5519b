"""The use cases. They take a Session and plain values, flush, and never commit."""
