"""Customer service: holders of accounts, what agents do for them, trust money, messages, notices."""
