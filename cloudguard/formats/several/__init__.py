"""Reports on several clusters in one document: a table of clusters and rows, and what each format makes of several."""
