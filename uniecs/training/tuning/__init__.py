"""Search for settings: trials that are training runs, remembered by an optuna study."""
