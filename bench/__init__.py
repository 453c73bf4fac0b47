"""How fast and how large: measured side by side with a bare pair of workflows, never asserted by a test."""
