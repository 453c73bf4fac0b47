"""The door: an event comes in, its workflow is signalled, a receipt goes out; runs without workflows and cloud SDK."""
