//! What holds for scripts of every language that comes with wasp, by the runtimes that `make runtimes` leaves.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;
use wasp_core::ErrorKind::*;
use wasp_core::{Config, Engine, Instance, Kind, Limits, Options, Value};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// A language, its example plugin, and scripts in it: each has a function `f`, of the name that it is given to greet where it takes one.
struct Language {
    runtime: &'static str,
    example: &'static str,
    /// Returns a list for a string, and raises for anything else.
    list_or_raise: &'static str,
    /// A number that should be another one in each sandbox.
    random: &'static str,
    /// Computes within one native function, within a loop that catches whatever is raised, and within what is called at the end.
    endless: &'static [&'static str],
    /// Takes memory without end.
    greedy: &'static [&'static str],
    /// Calls itself, or what calls it, without end.
    deep: &'static [&'static str],
}

const LANGUAGES: [Language; 3] = [
    Language {
        runtime: "javascript",
        example: "plugin.js",
        list_or_raise: "export function f(x) { if (typeof x !== 'string') throw new Error('no'); return [1, 2, x + '!'] }",
        random: "export const f = () => Math.random()",
        endless: &[
            "export const f = () => /^(a+)+$/.test('a'.repeat(60) + 'b')",
            "export function f() { for (;;) try { for (;;) {} } finally { continue } }",
            "export async function f() { for (;;) await null }",
        ],
        greedy: &[
            "export function f() { const a = []; for (;;) a.push('x'.repeat(1e6) + a.length) }",
            "export const f = () => new Uint8Array(1e9).length",
        ],
        deep: &[
            "export const f = () => f() + 1",
            "export const f = () => JSON.parse('['.repeat(1e6))",
        ],
    },
    Language {
        runtime: "lua",
        example: "plugin.lua",
        list_or_raise: "return { f = function(x) if type(x) ~= 'string' then error('no') end return {1, 2, x .. '!'} end }",
        random: "return { f = function() return math.random() end }",
        endless: &[
            "return { f = function() return ('a'):rep(1000000):find('.-b') end }",
            "return { f = function() while true do pcall(function() while true do end end) end end }",
            "return { f = function() local c = coroutine.wrap(function() while true do coroutine.yield() end end) while true do pcall(c) end end }",
        ],
        greedy: &[
            "return { f = function() local t = {} while true do t[#t + 1] = ('x'):rep(1000000) .. #t end end }",
            "return { f = function() local s = 'x' while true do s = s .. s end end }",
        ],
        deep: &[
            "local function f() return 1 + f() end return { f = f }",
            "return { f = function() return load('return ' .. ('('):rep(1000000)) or error('refused') end }",
        ],
    },
    Language {
        runtime: "pocketpy",
        example: "plugin.py",
        list_or_raise: "def f(x):\n    if type(x) is not str:\n        raise ValueError('no')\n    return [1, 2, x + '!']",
        random: "import random\ndef f():\n    return random.random()",
        endless: &[
            "def f():\n    return sum(range(10 ** 15))",
            "def f():\n    while True:\n        try:\n            while True:\n                pass\n        except BaseException:\n            pass",
            "def f():\n    return [x for x in range(10 ** 15) if x < 0]",
        ],
        greedy: &[
            "def f():\n    a = []\n    while True:\n        a.append('x' * 1000000 + str(len(a)))",
            "def f():\n    s = 'x'\n    while True:\n        s = s + s",
        ],
        deep: &["def f():\n    return f() + 1", "def f():\n    return eval('(' * 100000)"],
    },
];

/// Returns an engine of its own, which has the code of all runtimes.
fn engine() -> Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    let make = || {
        let mut options = Options::default();
        options.runtime_directory = Some(Path::new(ROOT).join("build/runtimes"));
        let engine = Engine::with_options(options);
        for language in &LANGUAGES {
            let config = &Config::new();
            engine.register_script("first", language.runtime, language.random, config).unwrap();
        }
        engine
    };
    ENGINE.get_or_init(make).fork()
}

impl Language {
    fn instance(&self, engine: &Engine, source: &str, config: &Config) -> Instance {
        engine.register_script("script", self.runtime, source, config).unwrap();
        engine.instance("script", None).unwrap()
    }

    fn example(&self) -> String {
        let path: PathBuf = [ROOT, "examples/plugins", self.runtime, self.example].iter().collect();
        std::fs::read_to_string(path).unwrap()
    }
}

fn on_each(test: impl Fn(&Language)) {
    for language in &LANGUAGES {
        println!("{}:", language.runtime);
        test(language);
    }
}

#[test]
fn the_example_does_what_it_does_in_every_language() {
    on_each(|language| {
        let engine = engine();
        let mut config = Config::new();
        config.callback("env", "call_me", &[Kind::String], Kind::String, |caller, args| {
            let name: &str = args[0].try_into()?;
            caller.set_result(Value::String(&format!("Hello {name}")));
            Ok(())
        });
        engine.register_script("example", language.runtime, &language.example(), &config).unwrap();
        let workspace = tempfile::tempdir().unwrap();
        std::fs::write(workspace.path().join("in.txt"), "from the host").unwrap();
        let mut example = engine.instance("example", Some(workspace.path())).unwrap();
        let mut call = |function, args: &[Value<'_>], kind| {
            let value = example.call(function, args, kind);
            value.map(|value| format!("{value:?}")).unwrap_or_else(|error| error.to_string())
        };
        assert_eq!(call("sum", &[3.into(), 2.into()], Kind::I32), "I32(5)");
        assert_eq!(call("hello", &["Nic".into()], Kind::String), "String(\"Hello Nic\")");
        let reversed = call("reverse", &[Value::Bytes(&[1, 2, 3])], Kind::Bytes);
        assert_eq!(reversed, "Bytes([3, 2, 1])");
        assert_eq!(call("callback", &[], Kind::String), "String(\"Hello Nic\")");
        assert!(call("fail", &[], Kind::None).ends_with("this plugin always fails"));
        let text = call("workspace", &["Nic".into()], Kind::String);
        assert_eq!(text, "String(\"Nic from the host\")");
        let written = std::fs::read_to_string(workspace.path().join("out.txt")).unwrap();
        assert_eq!(written, "Nic from the host");
        let names: Vec<&str> = example.functions().iter().map(|known| &*known.name).collect();
        assert_eq!(names.len(), 6, "{names:?}");
    });
}

#[test]
fn a_hundred_thousand_calls_take_no_more_memory() {
    on_each(|language| {
        let engine = engine();
        let mut p = language.instance(&engine, language.list_or_raise, &Config::new());
        let mut size = 0;
        // Until then the heap finds its size: collectors wait until there is something worth the work.
        let settled = 40_000;
        for round in 0..settled + 100_000 {
            if round == settled {
                size = p.memory_size();
            }
            let list = p.call("f", &["Nic".into()], Kind::Json).unwrap();
            let Value::Json(list) = list else { panic!("{list:?}") };
            assert_eq!(list.replace(' ', ""), "[1,2,\"Nic!\"]");
            assert_eq!(p.call("f", &[1.into()], Kind::Any).unwrap_err().kind(), Guest);
        }
        assert_eq!(p.memory_size(), size);
    });
}

#[test]
fn each_sandbox_has_random_numbers_of_its_own() {
    on_each(|language| {
        let engine = engine();
        let mut drawn = Vec::new();
        let mut p = language.instance(&engine, language.random, &Config::new());
        for _ in 0..3 {
            drawn.push(p.call("f", &[], Kind::F64).map(|it| format!("{it:?}")).unwrap());
            p.reset().unwrap();
        }
        drop(p);
        let mut p = language.instance(&engine, language.random, &Config::new());
        drawn.push(p.call("f", &[], Kind::F64).map(|it| format!("{it:?}")).unwrap());
        drawn.sort();
        drawn.dedup();
        assert_eq!(drawn.len(), 4, "{drawn:?}");
    });
}

/// The host lives, the limit is told or the script has an error, and the next sandbox is right.
#[test]
fn hostile_scripts_meet_their_limits() {
    on_each(|language| {
        let engine = engine();
        let mut config = Config::new();
        let mut limits = Limits::default();
        limits.timeout = Some(Duration::from_millis(300));
        limits.memory_bytes = 64 << 20;
        config.limits(limits);
        let fails = |source: &str| {
            let mut p = language.instance(&engine, source, &config);
            let error = p.call("f", &[], Kind::Any).unwrap_err();
            println!("{source}: {error}");
            assert!(p.memory_size() <= 64 << 20);
            drop(p);
            let mut p = engine.instance("script", None).unwrap();
            p.call("f", &[], Kind::Any).unwrap_err();
            drop(p);
            let mut p = language.instance(&engine, language.list_or_raise, &config);
            p.call("f", &["Nic".into()], Kind::Json).unwrap();
            error
        };
        for source in language.endless {
            assert_eq!(fails(source).kind(), Timeout, "{source}");
        }
        // On a slow machine what ends these may be the time.
        for source in language.greedy.iter().chain(language.deep) {
            let error = fails(source);
            assert!([Guest, Trap, Timeout].contains(&error.kind()), "{source}: {error}");
        }
    });
}
