"""What people said about findings."""
