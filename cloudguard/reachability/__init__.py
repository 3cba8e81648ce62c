"""The reachability engine: who reaches which target, by which path, and which rules to narrow."""
