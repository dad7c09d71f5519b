"""The audit log: which changes are recorded, how they are recorded, and how the log is read."""
