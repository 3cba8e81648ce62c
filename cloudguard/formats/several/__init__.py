"""Reports on several clusters in one document: a table of clusters and rows, and the other formats joined."""
