"""Disputes about accepted visits: opened by managers, decided by reviewers."""
