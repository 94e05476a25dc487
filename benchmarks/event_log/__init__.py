"""The event log: a broker here, and what an operator does with a log anywhere."""
