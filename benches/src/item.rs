//! What is compared with whom.

use crate::contender::Contender;
use crate::plugin::Plugin;
use sides::Language::{JavaScript, Lua, PocketPy};
use sides::Work;

pub struct Item {
    pub name: &'static str,
    pub plugin: Plugin,
    pub kind: Kind,
    /// wasp first.
    pub contenders: &'static [Contender],
}

#[derive(Clone, Copy)]
pub enum Kind {
    /// How long it takes.
    Time(Work),
    /// How often a second it is done by so many threads.
    Throughput(Work, u32),
    /// How many times more often two threads do it than one.
    Scaling(Work),
    /// Resident memory of one of so many instances.
    Resident(u32),
    /// How long the first script of a process takes to its first answer.
    FirstScript,
}

use Contender::*;
use Kind::{FirstScript, Resident, Scaling, Throughput, Time};

const BY_NAME: &[Contender] = &[Wasp, WasmtimePooled, Wasmtime, WasmtimeByName, Wasmer, Extism];
const EVERYBODY: &[Contender] = &[Wasp, WasmtimePooled, Wasmtime, Wasmer, Extism];
const PEERS: &[Contender] = &[Wasp, WasmtimePooled, Wasmtime, Wasmer];
const FOR_GO: &[Contender] = &[Wasp, WasmtimeWizer, WasmtimePooled, Wasmtime, Wasmer];
const COMPILERS: &[Contender] = &[Wasp, Wasmtime, Wasmer];
const SINGLEPASS: &[Contender] = &[WaspSinglepass, WasmerSinglepass];
const TIERS: &[Contender] = &[WaspTiered, Wasp];
const BOUNDS: &[Contender] = &[WaspChecked, Wasp];
const JS: &[Contender] = &[Wasp, NativeQuickJs];
const LUA: &[Contender] = &[Wasp, NativeLua];
const PY: &[Contender] = &[Wasp, NativePocketPy];
const EXTISM: &[Contender] = &[Wasp, Extism];
const SPEED: &[Contender] = &[Wasp, Wasmer, WasmtimePooled, WasmtimeEpoch];

pub const ITEMS: &[Item] = &[
    item("int call", Plugin::C, Time(Work::Sum), BY_NAME),
    item("string call", Plugin::C, Time(Work::Hello), EVERYBODY),
    item("1 MiB echo", Plugin::Echo, Time(Work::Echo), EVERYBODY),
    item("int callback", Plugin::Add, Time(Work::CallbackInt), EVERYBODY),
    item("call with a string callback", Plugin::C, Time(Work::CallbackString), EVERYBODY),
    item("fresh + int call, C", Plugin::C, Time(Work::FreshSum), EVERYBODY),
    item("fresh + string call, C", Plugin::C, Time(Work::FreshHello), EVERYBODY),
    item("fresh + int call, Go", Plugin::Go, Time(Work::FreshSum), FOR_GO),
    item("fresh + string call, Go", Plugin::Go, Time(Work::FreshHello), FOR_GO),
    item("fresh + 1,000 pages written", Plugin::Speed, Time(Work::FreshPages), PEERS),
    item("cold compile, Go", Plugin::Go, Time(Work::Compile), COMPILERS),
    item("cold compile, Go, Singlepass", Plugin::Go, Time(Work::Compile), SINGLEPASS),
    item("register the Go plugin to its first answer", Plugin::Go, Time(Work::Register), TIERS),
    item("load from cache, C", Plugin::C, Time(Work::Load), COMPILERS),
    item("load from cache, Go", Plugin::Go, Time(Work::Load), COMPILERS),
    item("RSS an instance, C", Plugin::C, Resident(1_000), EVERYBODY),
    item("RSS an instance, Go", Plugin::Go, Resident(1_000), FOR_GO),
    item("fresh + string call, 1 thread", Plugin::C, Throughput(Work::FreshHello, 1), EVERYBODY),
    item("fresh + string call, 2 threads", Plugin::C, Throughput(Work::FreshHello, 2), EVERYBODY),
    item("fresh + string call, 2 threads by 1", Plugin::C, Scaling(Work::FreshHello), EVERYBODY),
    item("an Extism plugin: fresh + vowels", Plugin::Extism, Time(Work::FreshVowels), EXTISM),
    item("an Extism plugin: vowels", Plugin::Extism, Time(Work::Vowels), EXTISM),
    item("an Extism plugin: string callback", Plugin::Extism, Time(Work::CallbackString), EXTISM),
    item("an Extism plugin: 1 MiB echo", Plugin::Extism, Time(Work::Echo), EXTISM),
    item("guest code, tight loop", Plugin::Speed, Time(Work::Loop), SPEED),
    item("guest code, calls", Plugin::Speed, Time(Work::Fibonacci), SPEED),
    item("guest code, sieve", Plugin::Speed, Time(Work::Sieve), SPEED),
    item("guest code, sieve, limit of 16 MiB", Plugin::Speed, Time(Work::Sieve), BOUNDS),
    item("guest code, tight loop, Singlepass", Plugin::Speed, Time(Work::Loop), SINGLEPASS),
    item("guest code, calls, Singlepass", Plugin::Speed, Time(Work::Fibonacci), SINGLEPASS),
    item("guest code, sieve, Singlepass", Plugin::Speed, Time(Work::Sieve), SINGLEPASS),
    item("fresh + string call, JavaScript", HELLO_JS, Time(Work::FreshHello), JS),
    item("fresh + string call, Lua", HELLO_LUA, Time(Work::FreshHello), LUA),
    item("fresh + string call, pocketpy", HELLO_PY, Time(Work::FreshHello), PY),
    item("string call, JavaScript", HELLO_JS, Time(Work::Hello), JS),
    item("string call, Lua", HELLO_LUA, Time(Work::Hello), LUA),
    item("string call, pocketpy", HELLO_PY, Time(Work::Hello), PY),
    item("1 KB of script to its first answer, JavaScript", KILOBYTE_JS, Time(Work::NextScript), JS),
    item("1 KB of script to its first answer, Lua", KILOBYTE_LUA, Time(Work::NextScript), LUA),
    item("1 KB of script to its first answer, pocketpy", KILOBYTE_PY, Time(Work::NextScript), PY),
    item("first script of a process, JavaScript", KILOBYTE_JS, FirstScript, TIERS),
    item("first script of a process, Lua", KILOBYTE_LUA, FirstScript, TIERS),
    item("first script of a process, pocketpy", KILOBYTE_PY, FirstScript, TIERS),
    item("RSS an instance, JavaScript", HELLO_JS, Resident(1_000), JS),
    item("RSS an instance, Lua", HELLO_LUA, Resident(1_000), LUA),
    item(
        "fresh + string call, JavaScript, 1 thread",
        HELLO_JS,
        Throughput(Work::FreshHello, 1),
        JS,
    ),
    item(
        "fresh + string call, JavaScript, 2 threads",
        HELLO_JS,
        Throughput(Work::FreshHello, 2),
        JS,
    ),
    item(
        "fresh + string call, JavaScript, 2 threads by 1",
        HELLO_JS,
        Scaling(Work::FreshHello),
        JS,
    ),
    item("fresh + string call, Lua, 2 threads by 1", HELLO_LUA, Scaling(Work::FreshHello), LUA),
    item("script code, fib(25), JavaScript", COMPUTE_JS, Time(Work::ScriptFibonacci), JS),
    item("script code, fib(25), Lua", COMPUTE_LUA, Time(Work::ScriptFibonacci), LUA),
    item("script code, fib(25), pocketpy", COMPUTE_PY, Time(Work::ScriptFibonacci), PY),
    item("script code, 100 KB of JSON, JavaScript", COMPUTE_JS, Time(Work::ScriptJson), JS),
    item("script code, 100 KB of JSON, pocketpy", COMPUTE_PY, Time(Work::ScriptJson), PY),
    item("script code, regular expression, JavaScript", COMPUTE_JS, Time(Work::ScriptPattern), JS),
    item("script code, pattern, Lua", COMPUTE_LUA, Time(Work::ScriptPattern), LUA),
];

const HELLO_JS: Plugin = Plugin::Hello(JavaScript);
const HELLO_LUA: Plugin = Plugin::Hello(Lua);
const HELLO_PY: Plugin = Plugin::Hello(PocketPy);
const KILOBYTE_JS: Plugin = Plugin::Kilobyte(JavaScript);
const KILOBYTE_LUA: Plugin = Plugin::Kilobyte(Lua);
const KILOBYTE_PY: Plugin = Plugin::Kilobyte(PocketPy);
const COMPUTE_JS: Plugin = Plugin::Compute(JavaScript);
const COMPUTE_LUA: Plugin = Plugin::Compute(Lua);
const COMPUTE_PY: Plugin = Plugin::Compute(PocketPy);

const fn item(
    name: &'static str,
    plugin: Plugin,
    kind: Kind,
    contenders: &'static [Contender],
) -> Item {
    Item { name, plugin, kind, contenders }
}
