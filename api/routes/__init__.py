"""HTTP and JSON: who may call, what comes in, what goes out; one file a field word."""
