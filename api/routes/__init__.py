"""Endpoints: who may call them, their requests and responses; one file per domain term."""
