"""The permissions that an adapter needs: written as policies for other programs, and tested by calls."""
