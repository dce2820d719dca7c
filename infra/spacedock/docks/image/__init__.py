"""The dock that is nearest to Hugging Face: the Space in containers of its own image."""
