"""Where target weights come from: fixed, a glide path, a profile, goals, a tilt, or from outside."""
