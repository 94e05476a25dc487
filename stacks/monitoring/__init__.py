"""What people see of a deployed pipeline."""
