"""Small accounts, loaded into moto. Each line of an account states the findings that it must cause."""
