"""What a worker has carried out, so that it does nothing twice and comes back by itself."""
