//! What is compared with whom.

use crate::contender::{Contender, Plugin};
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
}

use Contender::*;
use Kind::{Resident, Scaling, Throughput, Time};

const BY_NAME: &[Contender] = &[Wasp, WasmtimePooled, Wasmtime, WasmtimeByName, Wasmer, Extism];
const EVERYBODY: &[Contender] = &[Wasp, WasmtimePooled, Wasmtime, Wasmer, Extism];
const PEERS: &[Contender] = &[Wasp, WasmtimePooled, Wasmtime, Wasmer];
const FOR_GO: &[Contender] = &[Wasp, WasmtimeWizer, WasmtimePooled, Wasmtime, Wasmer];
const COMPILERS: &[Contender] = &[Wasp, Wasmtime, Wasmer];
const SINGLEPASS: &[Contender] = &[WaspSinglepass, WasmerSinglepass];
const TIERS: &[Contender] = &[WaspTiered, Wasp];
const BOUNDS: &[Contender] = &[WaspChecked, Wasp];
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
    item("guest code, tight loop", Plugin::Speed, Time(Work::Loop), SPEED),
    item("guest code, calls", Plugin::Speed, Time(Work::Fibonacci), SPEED),
    item("guest code, sieve", Plugin::Speed, Time(Work::Sieve), SPEED),
    item("guest code, sieve, limit of 16 MiB", Plugin::Speed, Time(Work::Sieve), BOUNDS),
    item("guest code, tight loop, Singlepass", Plugin::Speed, Time(Work::Loop), SINGLEPASS),
    item("guest code, calls, Singlepass", Plugin::Speed, Time(Work::Fibonacci), SINGLEPASS),
    item("guest code, sieve, Singlepass", Plugin::Speed, Time(Work::Sieve), SINGLEPASS),
];

const fn item(
    name: &'static str,
    plugin: Plugin,
    kind: Kind,
    contenders: &'static [Contender],
) -> Item {
    Item { name, plugin, kind, contenders }
}
