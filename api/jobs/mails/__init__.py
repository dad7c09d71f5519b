"""Mails to people: texts in their language, and the sender that takes them from the events."""
