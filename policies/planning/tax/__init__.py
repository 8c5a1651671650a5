"""The plan that costs a household least in tax, trading and drift; numbers only, no orders yet."""
