// The files that the host lets a plugin have, by WASI: AssemblyScript itself has none.

@external("wasi_snapshot_preview1", "fd_prestat_get")
declare function fd_prestat_get(fd: i32, prestat: usize): i32;
@external("wasi_snapshot_preview1", "fd_prestat_dir_name")
declare function fd_prestat_dir_name(fd: i32, name: usize, size: usize): i32;
@external("wasi_snapshot_preview1", "path_open")
declare function path_open(
  directory: i32, lookup: i32, path: usize, size: usize,
  open: i32, rights: i64, inheriting: i64, flags: i32, fd: usize,
): i32;
@external("wasi_snapshot_preview1", "fd_read")
declare function fd_read(fd: i32, vectors: usize, count: i32, done: usize): i32;
@external("wasi_snapshot_preview1", "fd_write")
declare function fd_write(fd: i32, vectors: usize, count: i32, done: usize): i32;
@external("wasi_snapshot_preview1", "fd_close")
declare function fd_close(fd: i32): i32;

const FOLLOW_SYMLINKS = 1;
const CREATE = 1, TRUNCATE = 8;
const RIGHT_READ = 2, RIGHT_WRITE = 64;

/** The whole file, or null where it can't be read. */
export function readFile(path: string): Uint8Array | null {
  const fd = open(path, 0, RIGHT_READ);
  if (fd < 0) return null;
  let data = new Uint8Array(4096), length = 0;
  while (true) {
    const done = transfer(fd, data, length, false);
    if (done <= 0) {
      fd_close(fd);
      return done < 0 ? null : data.slice(0, length);
    }
    length += done;
    if (length == data.length) {
      const longer = new Uint8Array(2 * length);
      longer.set(data);
      data = longer;
    }
  }
}

/** Makes `data` the whole contents of the file, which need not exist yet. False where it can't be written. */
export function writeFile(path: string, data: Uint8Array): bool {
  const fd = open(path, CREATE | TRUNCATE, RIGHT_WRITE);
  if (fd < 0) return false;
  let length = 0;
  while (length < data.length) {
    const done = transfer(fd, data, length, true);
    if (done <= 0) break;
    length += done;
  }
  return fd_close(fd) == 0 && length == data.length;
}

const vector = memory.data(8); // where the data is and how long, as fd_read and fd_write want it
const result = memory.data(4);

/** Reads or writes some of what is left of `data` from `start` on. How much, or -1. */
function transfer(fd: i32, data: Uint8Array, start: i32, write: bool): i32 {
  store<usize>(vector, data.dataStart + start);
  store<u32>(vector, data.length - start, 4);
  const error = write ? fd_write(fd, vector, 1, result) : fd_read(fd, vector, 1, result);
  return error == 0 ? load<i32>(result) : -1;
}

/** The file's descriptor, or -1. The host opens directories to the plugin from descriptor 3 on: the one that holds it is asked. */
function open(path: string, open: i32, rights: i64): i32 {
  const prestat = memory.data(8);
  for (let directory = 3; fd_prestat_get(directory, prestat) == 0; directory++) {
    const buffer = new ArrayBuffer(load<u32>(prestat, 4));
    fd_prestat_dir_name(directory, changetype<usize>(buffer), buffer.byteLength);
    let prefix = String.UTF8.decode(buffer);
    if (!prefix.endsWith("/")) prefix += "/";
    if (!path.startsWith(prefix)) continue;
    const rest = String.UTF8.encode(path.substring(prefix.length));
    const error = path_open(
      directory, FOLLOW_SYMLINKS, changetype<usize>(rest), rest.byteLength, open, rights, 0, 0, result,
    );
    if (error == 0) return load<i32>(result);
  }
  return -1;
}
