"""Jobs for objects that were uploaded earlier or need another run."""
