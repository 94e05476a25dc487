"""The consumer: one SQS job in, every configured size of the uploaded image out."""
