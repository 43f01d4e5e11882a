def hello(name: str) -> str:
    """Greets somebody."""
    return f"Hello {name}"


def divide(a: float, b: float) -> float:
    if b == 0:
        raise ValueError("nothing can be divided by 0")
    return a / b
