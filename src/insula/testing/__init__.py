"""For tests of Insula and of its plugins: real servers, fixtures, misbehaving adapters. Public."""
