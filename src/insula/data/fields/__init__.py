"""Field types: one file each, one table of all of them."""
