"""What every address under ``/api/v1/`` shares: errors, pages, changes that name their version, keys, throttles."""
