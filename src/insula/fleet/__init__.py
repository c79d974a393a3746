"""What the three roles share: the words of an application's life, and the ports between them."""
