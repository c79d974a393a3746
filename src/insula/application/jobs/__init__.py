"""Jobs: longer, visible pieces of work made of steps. There is one runner of steps, and it is here."""
