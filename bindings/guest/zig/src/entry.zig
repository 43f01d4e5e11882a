//! A function of any number of parameters.

const std = @import("std");

/// Makes a function of these types that gives its arguments to `Call.run`. Zig can't make one of any number of parameters,
/// so there is one of each.
pub fn Entry(comptime name: []const u8, comptime P: []const type, comptime R: type, comptime convention: std.builtin.CallingConvention, comptime Call: type) type {
    return switch (P.len) {
        0 => struct {
            pub fn entry() callconv(convention) R {
                return Call.run(.{});
            }
        },
        1 => struct {
            pub fn entry(a: P[0]) callconv(convention) R {
                return Call.run(.{a});
            }
        },
        2 => struct {
            pub fn entry(a: P[0], b: P[1]) callconv(convention) R {
                return Call.run(.{ a, b });
            }
        },
        3 => struct {
            pub fn entry(a: P[0], b: P[1], c: P[2]) callconv(convention) R {
                return Call.run(.{ a, b, c });
            }
        },
        4 => struct {
            pub fn entry(a: P[0], b: P[1], c: P[2], d: P[3]) callconv(convention) R {
                return Call.run(.{ a, b, c, d });
            }
        },
        5 => struct {
            pub fn entry(a: P[0], b: P[1], c: P[2], d: P[3], e: P[4]) callconv(convention) R {
                return Call.run(.{ a, b, c, d, e });
            }
        },
        6 => struct {
            pub fn entry(a: P[0], b: P[1], c: P[2], d: P[3], e: P[4], f: P[5]) callconv(convention) R {
                return Call.run(.{ a, b, c, d, e, f });
            }
        },
        7 => struct {
            pub fn entry(a: P[0], b: P[1], c: P[2], d: P[3], e: P[4], f: P[5], g: P[6]) callconv(convention) R {
                return Call.run(.{ a, b, c, d, e, f, g });
            }
        },
        8 => struct {
            pub fn entry(a: P[0], b: P[1], c: P[2], d: P[3], e: P[4], f: P[5], g: P[6], h: P[7]) callconv(convention) R {
                return Call.run(.{ a, b, c, d, e, f, g, h });
            }
        },
        9 => struct {
            pub fn entry(a: P[0], b: P[1], c: P[2], d: P[3], e: P[4], f: P[5], g: P[6], h: P[7], i: P[8]) callconv(convention) R {
                return Call.run(.{ a, b, c, d, e, f, g, h, i });
            }
        },
        10 => struct {
            pub fn entry(a: P[0], b: P[1], c: P[2], d: P[3], e: P[4], f: P[5], g: P[6], h: P[7], i: P[8], j: P[9]) callconv(convention) R {
                return Call.run(.{ a, b, c, d, e, f, g, h, i, j });
            }
        },
        11 => struct {
            pub fn entry(a: P[0], b: P[1], c: P[2], d: P[3], e: P[4], f: P[5], g: P[6], h: P[7], i: P[8], j: P[9], k: P[10]) callconv(convention) R {
                return Call.run(.{ a, b, c, d, e, f, g, h, i, j, k });
            }
        },
        12 => struct {
            pub fn entry(a: P[0], b: P[1], c: P[2], d: P[3], e: P[4], f: P[5], g: P[6], h: P[7], i: P[8], j: P[9], k: P[10], l: P[11]) callconv(convention) R {
                return Call.run(.{ a, b, c, d, e, f, g, h, i, j, k, l });
            }
        },
        else => @compileError(name ++ " has more than 12 parameters: pass a wasp.Json of a struct"),
    };
}
