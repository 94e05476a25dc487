"""Jobs for objects that were uploaded before the pipeline, or that need it anew."""
