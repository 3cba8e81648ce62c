"""Small AWS accounts, each with one cluster ``prod`` in ``eu-west-1``: one for each module of ``scenes``."""
