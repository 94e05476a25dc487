"""SQS, Lambda and S3 as AWS documents them."""
