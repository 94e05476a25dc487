"""A CloudFront distribution in front of the derived bucket."""
