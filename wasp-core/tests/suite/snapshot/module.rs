//! Random modules with all kinds of state, and functions that change it and tell it.

use std::fmt::Write;

/// SplitMix64.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E3779B97F4A7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58476D1CE4E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D049BB133111EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, end: u32) -> u32 {
        (self.next() % u64::from(end)) as u32
    }

    pub fn one_in(&mut self, times: u32) -> bool {
        self.below(times) == 0
    }

    fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len() as u32) as usize]
    }
}

/// What a module has that decides whether a snapshot can bring it back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape {
    Plain,
    NoMemory,
    TwoMemories,
    References,
    ChangesTables,
    DropsData,
    DropsElements,
}

/// A module that is being written, as text.
pub struct Writer {
    random: Random,
    shape: Shape,
    pub min_pages: u32,
    table: u32,
    /// Names of the mutable globals, by type.
    globals: Vec<(&'static str, String)>,
    pub wat: String,
}

const TYPES: [&str; 5] = ["i32", "i64", "f32", "f64", "v128"];

impl Writer {
    pub fn module(seed: u64, shape: Shape, simd: bool) -> Self {
        let mut random = Random(seed);
        let min_pages = [0, 1, 1, 2, 3, 12][random.below(6) as usize];
        let table = 2 + random.below(8);
        let mut w =
            Self { random, shape, min_pages, table, globals: Vec::new(), wat: String::new() };
        w.wat += "(type $unary (func (param i32) (result i32)))
            (import \"env\" \"tick\" (func $tick (type $unary)))
            (import \"env\" \"started\" (func $started))\n";
        w.memories();
        w.some_globals(simd);
        w.tables();
        // The first two run during start-up, and there nothing fails on purpose and nothing is random.
        let functions = 3 + w.random.below(4);
        for at in 0..functions {
            w.function(at);
        }
        if !w.random.one_in(3) {
            w.wat += "(func $begin (call $started) (drop (call $f0 (i32.const 77) (i32.const -5)))) (start $begin)\n";
        }
        let start_up = w.random.pick(&["_initialize", "_start", "nothing"]);
        writeln!(
            w.wat,
            "(func (export \"{start_up}\") (drop (call $f1 (i32.const 12345) (i32.const 999999))))"
        )
        .unwrap();
        w.digests();
        w
    }

    fn has_memory(&self) -> bool {
        self.shape != Shape::NoMemory
    }

    fn memories(&mut self) {
        if !self.has_memory() {
            return;
        }
        let min = self.min_pages;
        let max = if self.random.one_in(3) { format!("{}", min + 4) } else { String::new() };
        writeln!(
            self.wat,
            "(import \"wasi_snapshot_preview1\" \"random_get\" (func $random_get (param i32 i32) (result i32)))
            (memory $m (export \"memory\") {min} {max})
            (data $passive \"passive data\")"
        )
        .unwrap();
        if self.shape == Shape::TwoMemories {
            self.wat += "(memory $m2 1 4) (data (memory $m2) (i32.const 3) \"second\")\n";
        }
        for _ in 0..self.random.below(5).min(min * 5) {
            let at = self.random.below(min * 65536 - 8);
            let bytes =
                self.random.next().to_le_bytes().map(|byte| format!("\\{byte:02x}")).concat();
            writeln!(self.wat, "(data (i32.const {at}) \"{bytes}\")").unwrap();
        }
    }

    fn some_globals(&mut self, simd: bool) {
        for ty in TYPES.into_iter().filter(|ty| simd || *ty != "v128") {
            for at in 0..self.random.below(5) {
                let value = self.random.below(1000);
                let lanes = if ty == "v128" { "i64x2 -1" } else { "" };
                writeln!(
                    self.wat,
                    "(global ${ty}_{at} (mut {ty}) ({ty}.const {lanes} {value})) (global ${ty}_const_{at} {ty} ({ty}.const {lanes} 7))"
                )
                .unwrap();
                self.globals.push((ty, format!("${ty}_{at}")));
            }
        }
        if self.shape == Shape::References {
            self.wat += "(global $reference (mut funcref) (ref.null func))\n";
        }
    }

    fn tables(&mut self) {
        let size = self.table;
        writeln!(
            self.wat,
            "(table $t {size} 40 funcref) (table $u 3 funcref)
            (elem (table $t) (i32.const 0) func $t0 $t1)
            (elem (table $t) (i32.const {}) func $t2)
            (elem (table $u) (i32.const 1) func $t1 $t2)
            (elem $elements func $t2 $t0)
            (func $t0 (type $unary) (i32.mul (local.get 0) (i32.const 31)))
            (func $t1 (type $unary) (i32.add (local.get 0) (i32.const 7)))
            (func $t2 (type $unary) (i32.xor (local.get 0) (i32.const 1234567)))",
            size - 1
        )
        .unwrap();
    }

    fn function(&mut self, at: u32) {
        writeln!(
            self.wat,
            "(func $f{at} (export \"f{at}\") (param $a i32) (param $b i32) (result i32) (local $i i32)\n"
        )
        .unwrap();
        // What the shape is about is surely there.
        if at == 2 {
            let op = self.shape_op();
            self.wat += &op;
        }
        for _ in 0..1 + self.random.below(7) {
            let op = self.op(at);
            writeln!(self.wat, "  {op}").unwrap();
        }
        self.wat += "  (i32.add (local.get $a) (local.get $b)))\n";
    }

    fn number(&mut self) -> String {
        let constant = self.random.next() as i32 >> self.random.below(32);
        match self.random.below(5) {
            0 => "(local.get $a)".to_owned(),
            1 => "(local.get $b)".to_owned(),
            2 => format!("(i32.const {constant})"),
            3 => format!("(i32.mul (local.get $a) (i32.const {constant}))"),
            _ => format!("(i32.add (local.get $b) (i32.const {constant}))"),
        }
    }

    /// Mostly one within memory.
    fn address(&mut self) -> String {
        let number = self.number();
        if self.random.one_in(20) {
            return number;
        }
        format!(
            "(i32.rem_u {number} (i32.sub (i32.shl (memory.size) (i32.const 16)) (i32.const 64)))"
        )
    }

    fn op(&mut self, function: u32) -> String {
        let calm = function < 2;
        let (n, m) = (self.number(), self.number());
        if self.has_memory() && !self.random.one_in(3) {
            return self.memory_op(calm);
        }
        match self.random.below(8) {
            0..3 if !self.globals.is_empty() => {
                let (ty, name) =
                    self.globals[self.random.below(self.globals.len() as u32) as usize].clone();
                let value = match ty {
                    "i32" => n,
                    "i64" => format!("(i64.mul (i64.extend_i32_s {n}) (i64.const 0x123456789))"),
                    "f32" => format!("(f32.reinterpret_i32 {n})"),
                    "f64" => format!("(f64.convert_i32_s {n})"),
                    _ => format!("(i32x4.splat {n})"),
                };
                format!("(global.set {name} {value})")
            }
            3 if function > 0 => {
                let callee = self.random.below(function);
                format!("(local.set $a (call $f{callee} {n} {m}))")
            }
            4 => {
                // One beyond the end, and some slots are empty.
                let (table, size) =
                    if self.random.one_in(2) { ("$t", self.table + 1) } else { ("$u", 4) };
                let slot = if calm {
                    "(i32.const 1)".to_owned()
                } else {
                    format!("(i32.rem_u {m} (i32.const {size}))")
                };
                format!("(local.set $b (call_indirect {table} (type $unary) {n} {slot}))")
            }
            5 if !calm => format!("(local.set $a (call $tick {n}))"),
            6 if !calm => format!(
                "(if (i32.eq (i32.and {n} (i32.const 31)) (i32.const 7)) (then unreachable))"
            ),
            7 if !calm => self.shape_op(),
            _ => format!("(local.set $b {n})"),
        }
    }

    fn memory_op(&mut self, calm: bool) -> String {
        let (n, to, from) = (self.number(), self.address(), self.address());
        let length = format!("(i32.and {n} (i32.const 0xFFF))");
        match self.random.below(12) {
            0 => format!("(i32.store {to} {n})"),
            1 => format!("(i32.store8 {to} {n})"),
            2 => format!("(i64.store offset=3 {to} (i64.extend_i32_s {n}))"),
            3 => format!("(f32.store {to} (f32.convert_i32_s {n}))"),
            4 => format!("(f64.store {to} (f64.convert_i32_u {n}))"),
            5 => format!("(memory.fill {to} {n} {length})"),
            6 => format!("(memory.copy {to} {from} {length})"),
            7 => format!("(memory.init $passive {to} (i32.const 1) (i32.const 11))"),
            8 => format!("(drop (memory.grow (i32.and {n} (i32.const 3))))"),
            // The last bytes that there are, perhaps just grown.
            9 => format!(
                "(i64.store (i32.sub (i32.shl (memory.size) (i32.const 16)) (i32.const 8)) (i64.extend_i32_s {n}))"
            ),
            10 if !calm => format!("(drop (call $random_get {to} {length}))"),
            // Something in every page, or every other.
            _ => format!(
                "(local.set $i (i32.const 0))
                (loop $next
                  (i32.store16 (local.get $i) {n})
                  (local.set $i (i32.add (local.get $i) (i32.const {})))
                  (br_if $next (i32.lt_u (local.get $i) (i32.shl (memory.size) (i32.const 16)))))",
                4096 * (1 + self.random.below(2))
            ),
        }
    }

    /// Changes what a reset of memory and globals would not bring back.
    fn shape_op(&mut self) -> String {
        let (n, slot) = (self.number(), self.random.below(self.table));
        match self.shape {
            Shape::Plain | Shape::NoMemory => format!("(local.set $a {n})"),
            Shape::TwoMemories => format!(
                "(drop (memory.grow $m2 (i32.const 1))) (i32.store $m2 (i32.and {n} (i32.const 0xFFFF)) {n})"
            ),
            Shape::References => format!("(global.set $reference (ref.func $t{}))", slot % 3),
            Shape::ChangesTables => match self.random.below(5) {
                0 => format!("(table.set $t (i32.const {slot}) (ref.null func))"),
                1 => "(drop (table.grow $t (ref.func $t1) (i32.const 1)))".to_owned(),
                2 => "(table.fill $u (i32.const 0) (ref.func $t0) (i32.const 2))".to_owned(),
                3 => "(table.copy $u $t (i32.const 0) (i32.const 0) (i32.const 2))".to_owned(),
                _ => {
                    "(table.init $t $elements (i32.const 0) (i32.const 0) (i32.const 2))".to_owned()
                }
            },
            Shape::DropsData => "(data.drop $passive)".to_owned(),
            Shape::DropsElements => "(elem.drop $elements)".to_owned(),
        }
    }

    /// Functions that tell everything there is to know of the instance's state, and change nothing; but for `probe`.
    fn digests(&mut self) {
        self.wat += "(func $mix (param i64 i64) (result i64)
              (i64.mul (i64.xor (local.get 0) (local.get 1)) (i64.const 1099511628211)))
            (func $unsigned (param i32) (result i64) (i64.extend_i32_u (local.get 0)))\n";
        let memories = match self.shape {
            Shape::NoMemory => &[][..],
            Shape::TwoMemories => &["$m", "$m2"],
            _ => &["$m"],
        };
        self.wat +=
            "(func $memory (export \"memory_digest\") (result i64) (local $h i64) (local $i i64)\n";
        for memory in memories {
            write!(
                self.wat,
                "(local.set $h (call $mix (local.get $h) (call $unsigned (memory.size {memory}))))
                (local.set $i (i64.const 0))
                (block $end (loop $next
                  (br_if $end (i64.ge_u (local.get $i) (i64.shl (call $unsigned (memory.size {memory})) (i64.const 16))))
                  (local.set $h (i64.mul
                    (i64.xor (local.get $h) (i64.load {memory} (i32.wrap_i64 (local.get $i))))
                    (i64.const 1099511628211)))
                  (local.set $i (i64.add (local.get $i) (i64.const 8)))
                  (br $next)))"
            )
            .unwrap();
        }
        self.wat +=
            "(local.get $h))\n(func (export \"globals_digest\") (result i64) (local $h i64)\n";
        for (ty, name) in &self.globals {
            let words = match *ty {
                "i32" => vec![format!("(call $unsigned (global.get {name}))")],
                "i64" => vec![format!("(global.get {name})")],
                "f32" => {
                    vec![format!("(call $unsigned (i32.reinterpret_f32 (global.get {name})))")]
                }
                "f64" => vec![format!("(i64.reinterpret_f64 (global.get {name}))")],
                _ => (0..2)
                    .map(|lane| format!("(i64x2.extract_lane {lane} (global.get {name}))"))
                    .collect(),
            };
            for word in words {
                writeln!(self.wat, "(local.set $h (call $mix (local.get $h) {word}))").unwrap();
            }
        }
        if self.shape == Shape::References {
            self.wat += "(local.set $h (call $mix (local.get $h) (call $unsigned (ref.is_null (global.get $reference)))))\n";
        }
        self.wat += "(local.get $h))\n(func (export \"tables_digest\") (result i64) (local $h i64) (local $i i32)\n";
        for table in ["$t", "$u"] {
            write!(
                self.wat,
                "(local.set $i (i32.const 0))
                (loop $next
                  (local.set $h (call $mix (local.get $h) (call $unsigned
                    (if (result i32) (ref.is_null (table.get {table} (local.get $i)))
                      (then (i32.const -1))
                      (else (call_indirect {table} (type $unary) (i32.const 4711) (local.get $i)))))))
                  (local.set $i (i32.add (local.get $i) (i32.const 1)))
                  (br_if $next (i32.lt_u (local.get $i) (table.size {table}))))"
            )
            .unwrap();
        }
        // What can only be seen by doing it: how far memory grows, that grown pages are zeros, that segments are there.
        self.wat += "(local.get $h))\n(func (export \"probe\") (result i64) (local $grown i64)\n";
        if self.shape == Shape::DropsElements {
            self.wat += "(table.init $t $elements (i32.const 0) (i32.const 0) (i32.const 2))\n";
        }
        if self.has_memory() {
            self.wat += "(local.set $grown (call $unsigned (memory.grow (i32.const 2))))
                (if (memory.size) (then (memory.init $passive (i32.const 8) (i32.const 0) (i32.const 12))))
                (local.set $grown (call $mix (local.get $grown) (call $unsigned (memory.grow (i32.const 1)))))\n";
        }
        self.wat += "(call $mix (local.get $grown) (call $memory)))\n";
    }
}
