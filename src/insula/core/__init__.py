"""What every layer may use: names, errors, clock, events, ids, log. Standard library only."""
