"""Ingestion: from Markdown chapters to chunks, and from chunks to an up-to-date collection."""
