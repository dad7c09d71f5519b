"""The worker: claims an event, runs its task, and finishes or backs off."""
