"""A test bed for Google Cloud: made-up projects, held to Google's own schemas, served as Google serves them."""
