"""Plans: the changes of a report as ordered steps, proved on the model, in the form of the cloud's API."""
