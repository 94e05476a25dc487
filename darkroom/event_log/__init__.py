"""The event log: a broker on this machine, and what an operator does with a log anywhere."""
