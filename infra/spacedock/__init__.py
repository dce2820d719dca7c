"""Build, boot and break a Hugging Face Docker Space before it is pushed."""
