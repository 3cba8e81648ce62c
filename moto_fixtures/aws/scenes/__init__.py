"""One module for each scene. ``moto_fixtures.aws.scene`` describes the contents of a scene."""
