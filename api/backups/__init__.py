"""Backups: all rows and photos in a folder, which restores into an empty installation on either database.

The folder has these files. The manifest is written last, and names what belongs to the backup:

- ``manifest.json``: the revision of the tables, and the number and checksum of everything else
- ``rows-TIME/TABLE.jsonl.gz``: the names of the columns, then each row as a list, in JSON Lines
- ``rows-TIME/objects.jsonl.gz``: key, size and SHA-256 of each photo
- ``objects/KEY``: the photos
- ``secret_key``: only if asked for, the secret that signs tokens and encrypts what is secret in the rows
"""
