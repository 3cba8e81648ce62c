"""Small accounts in AWS, each with one cluster called ``prod`` in ``eu-west-1``: the modules of ``scenes``."""
