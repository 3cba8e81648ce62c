"""What results say about the network: connections as text, and who is let in."""
