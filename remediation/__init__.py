"""The words and the decisions: models and pure functions, without I/O, clock or Temporal."""
