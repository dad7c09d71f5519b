"""Stopping without cutting off what runs."""

import signal

#: The signals that stop the program.
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
#: How long requests that run may take to finish.
GRACE_SECONDS = 25
#: How long stopping may take altogether. What still runs then is killed; the worker's tasks run again later.
STOP_SECONDS = GRACE_SECONDS + 5
#: How long a connection without a request stays open, because its next request may be on the way.
LINGER_SECONDS = 1
