# A script of a kilobyte, as one writes them: some state, a class, and functions that use them.
greetings = {"en": "Hello", "de": "Hallo", "fr": "Bonjour", "es": "Hola"}
seen = {}


class Counter:
    def __init__(self, step=1):
        self.count = 0
        self.step = step

    def next(self):
        self.count += self.step
        return self.count


counter = Counter(2)


def hello(name, language="en"):
    """Greets somebody."""
    seen[name] = counter.next()
    return greetings[language] + " " + name


def names() -> list:
    """Says who was greeted, and in which order."""
    return sorted(seen.keys(), key=lambda name: seen[name])


def statistics(numbers: list) -> dict:
    """The mean and the largest of some numbers."""
    if len(numbers) == 0:
        raise ValueError("there are no numbers")
    total = 0
    for number in numbers:
        total += number
    return {"mean": total / len(numbers), "most": max(numbers)}


def squares(n: int) -> list:
    return [i * i for i in range(n) if i % 2 == 0]


def is_palindrome(text: str) -> bool:
    text = text.lower()
    return text == text[::-1]
