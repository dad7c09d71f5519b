"""The database: engines, read snapshots, write transactions and prepared statements. No tables."""
