"""Azure: reads one cluster through its SDK. Importing this loads none of it."""
