# What costs an interpreter time: calls and sums, and its own native code.
import json


def record(i):
    return {
        "id": i,
        "name": "record number " + str(i),
        "price": i / 8,
        "isActive": i % 2 == 0,
        "tags": ["tag" + str(i % 7), "plain", "zoë" + str(i % 3)],
        "parent": None,
    }


text = json.dumps([record(i) for i in range(1000)])


def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


def roundtrip(n):
    """Reads and writes the text so many times, and returns how often it came out the same."""
    same = 0
    for _ in range(n):
        if json.dumps(json.loads(text)) == text:
            same += 1
    return same
