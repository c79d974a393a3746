"""What the data layer says differently to each kind of database: one file of words per dialect."""
