"""Facts in no cloud's words, as frozen values; every fact names the API call that gave it."""
