"""The mechanism of the worker: claim an event, run its task, finish or back off."""
