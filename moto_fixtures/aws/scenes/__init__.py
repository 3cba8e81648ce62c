"""One module a scene (``moto_fixtures.aws.scene`` says what it has); every module here is one."""
