"""The permissions that an adapter needs: written for other programs, and tried."""
