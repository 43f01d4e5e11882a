"""Greets by a plugin: hello PLUGIN."""

import sys

import wasp

engine = wasp.Engine()
engine.register("greeter", sys.argv[1])
with engine.instance("greeter") as greeter:
    print(greeter.functions.hello("Nic"))
