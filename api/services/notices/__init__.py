"""Notices: finds out who should hear of what, and remembers what was reported to them.

A finder returns what is the case now for each reader: a state for each subject. What differs from the states
that were reported to the reader is news, and goes into one mail. The states and the mail are stored in one
transaction, so that nothing is reported twice and nothing is forgotten.

Managers read results only as they were announced: at least three visits to a location together, and not
before the morning after. Otherwise, a mail could point at one customer of one day.
"""
