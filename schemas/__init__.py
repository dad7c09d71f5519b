"""The wire format: the JSON of requests and responses, one file per domain term. No tables, no database."""
