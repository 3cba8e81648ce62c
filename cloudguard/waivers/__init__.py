"""Waivers: findings that somebody accepts for a while; which they cover, and the file that holds them."""
