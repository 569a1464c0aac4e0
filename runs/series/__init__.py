"""The series store behind ingestion: what is merged, and how points are read at any width."""
