"""The modes of an import, and the states of the lines of a file."""

#: ``add`` rejects a row whose key exists, ``update`` changes what the key names.
MODES = ADD, UPDATE = ("add", "update")
STATES = NEW, CHANGED, UNCHANGED, ERROR = ("new", "changed", "unchanged", "error")
