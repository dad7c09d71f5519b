"""People: user accounts, their passwords, and their sessions."""
