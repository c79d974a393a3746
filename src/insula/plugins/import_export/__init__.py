"""Import of CSV files, and export to CSV and JSON lines, streamed both ways."""
