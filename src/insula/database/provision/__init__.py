"""Making a database ready for an application: waiting for it, creating it, filling it from a template."""
