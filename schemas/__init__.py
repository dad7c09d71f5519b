"""The wire format: what JSON comes in and goes out, one file a field word. No table, no database."""
