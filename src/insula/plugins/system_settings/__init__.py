"""Title, logo and languages of an application."""
