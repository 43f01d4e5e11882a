import logging

import pytest

import wasp
from wat import CALCULATOR, PRINTS


def told(caplog):
    return [(record.name, record.levelno, record.getMessage()) for record in caplog.records]


def test_a_logger_hears_from_its_level_on(caplog):
    logger = logging.getLogger("plugins")
    caplog.set_level(logging.DEBUG, "plugins")
    engine = wasp.Engine(logger=logger)
    engine.register("calculator", CALCULATOR)
    assert ("plugins", logging.DEBUG, "Plugin registered name=calculator") in told(caplog)
    caplog.clear()
    with engine.instance("calculator") as calculator:
        calculator.call("sum", 3, 2, returns=int)
        assert ("plugins", logging.DEBUG, "Calling function name=sum inputParam=[3 2]") in told(caplog)
        with pytest.raises(wasp.Trap):
            calculator.call("crash")
        name, level, message = told(caplog)[-1]
        assert (name, level) == ("plugins", logging.ERROR)
        assert message.startswith("Calling function failed name=crash error=")


def test_a_quiet_logger_hears_nothing(caplog):
    caplog.set_level(logging.INFO, "quiet")
    engine = wasp.Engine(logger=logging.getLogger("quiet"))
    engine.register("calculator", CALCULATOR)
    with engine.instance("calculator") as calculator:
        calculator.call("sum", 3, 2, returns=int)
    assert told(caplog) == []


def test_what_a_plugin_prints_goes_to_the_log(caplog, capfd):
    caplog.set_level(logging.INFO, "printed")
    engine = wasp.Engine(logger=logging.getLogger("printed"), stdio="log")
    engine.register("prints", PRINTS)
    with engine.instance("prints") as prints:
        prints.call("print", returns=None)
    assert [(level, "from the guest" in message) for _, level, message in told(caplog)] == [(logging.INFO, True)]
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(("options", "printed"), [({}, ""), ({"stdio": "output"}, "from the guest\n")])
def test_a_plugin_prints_to_this_process_only_if_it_may(options, printed, capfd):
    engine = wasp.Engine(**options)
    engine.register("prints", PRINTS)
    with engine.instance("prints") as prints:
        prints.call("print", returns=None)
    assert capfd.readouterr() == (printed, "")


def test_a_logger_that_raises_does_no_harm(monkeypatch):
    class Broken(logging.Logger):
        def log(self, *args, **options):
            raise RuntimeError("no")

    unraisable = []
    monkeypatch.setattr("sys.unraisablehook", unraisable.append)
    engine = wasp.Engine(logger=Broken("broken", logging.DEBUG))
    engine.register("calculator", CALCULATOR)
    with engine.instance("calculator") as calculator:
        assert calculator.call("sum", 3, 2, returns=int) == 5
    assert unraisable and {str(hooked.exc_value) for hooked in unraisable} == {"no"}
