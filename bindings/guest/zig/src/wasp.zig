//! What a wasp plugin written in Zig needs.
//!
//! A plugin is a file whose public functions are ordinary ones, and which says once that the host may call them:
//!
//! ```zig
//! const std = @import("std");
//! const wasp = @import("wasp");
//!
//! pub const panic = wasp.panic;
//! comptime {
//!     wasp.exportFunctions(@This(), @embedFile("plugin.zig"));
//! }
//!
//! /// Greets somebody.
//! pub fn hello(arena: std.mem.Allocator, name: []const u8) ![]const u8 {
//!     return std.fmt.allocPrint(arena, "Hello {s}", .{name});
//! }
//! ```
//!
//! What a function is given is valid until it returns, and so is what the arena gives. What it returns is copied for the host.

const exports = @import("exports.zig");
const failure = @import("failure.zig");
const imports = @import("imports.zig");
const values = @import("values.zig");

/// Lets the host call the public functions of a file or struct, and tells it their signatures. Used once in a plugin, at its root.
///
/// `source` is the file's text, from which the names of the parameters and what is said of a function come; it isn't in the
/// module. Without it, "", there are no names.
pub const exportFunctions = exports.exportFunctions;

/// Returns the functions of a struct, as what the host provides under the name of a module: the struct's fields are pointers to functions.
/// In a test each must be replaced before it is called.
///
/// ```zig
/// var env = wasp.import("env", struct { call_me: *const fn (name: []const u8) []const u8 });
/// ```
pub const import = imports.import;

/// Makes the running call fail with a message of its own: `return wasp.fail("{s} is unknown", .{name})`. Other errors
/// fail with their name. 4 KiB of the message are kept.
pub const fail = failure.fail;

/// The message of the last `fail`, for tests.
pub const failMessage = failure.message;

/// How a panic ends: the host's error has its words. A plugin has it as `pub const panic = wasp.panic;` at its root.
pub const panic = failure.panic;

/// Bytes; `[]const u8` is text.
pub const Bytes = values.Bytes;

/// A value of this type that passes as JSON, by `std.json`.
pub const Json = values.Json;

/// Opens a directory that the host lets the plugin have, such as "/workspace".
pub const directory = @import("files.zig").directory;

test {
    _ = exports;
    _ = failure;
    _ = imports;
    _ = values;
    _ = @import("signature.zig");
}
