"""Second floor: configuration text in, frozen settings out, or one clear refusal."""
