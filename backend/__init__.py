"""The retrieval backend of the Physical AI & Humanoid Robotics textbook."""

__version__ = "0.1.0"
