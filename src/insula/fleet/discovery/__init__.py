"""How environments make themselves and what runs there known."""
