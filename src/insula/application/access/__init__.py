"""Who someone is, and what they may do: the collections behind it, and the one function that decides."""
