"""Who may call the management APIs: users, API keys, tokens, and the hashes of their secrets."""
