"""Plans: the changes of a report in steps, each proved on the model, in the cloud's own form."""
