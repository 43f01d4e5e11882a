# The example plugin as a script in the part of Python that pocketpy runs: its text is what a host registers.

from wasp.env import call_me


def sum(a: int, b: int):
    return a + b


def hello(name: str) -> str:
    return "Hello " + name


def reverse(data: bytes) -> bytes:
    return bytes([data[-1 - at] for at in range(len(data))])


def callback() -> str:
    return call_me("Nic")


def fail():
    raise Exception("this plugin always fails")


def workspace(argument: str) -> str:
    with open("in.txt") as file:
        text = argument + " " + file.read()
    with open("out.txt", "w") as file:
        file.write(text)
    return text
