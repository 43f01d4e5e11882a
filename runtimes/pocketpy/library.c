/* What scripts find besides the language itself. */

#include "runtime.h"
#include "memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* library.py, as build.sh puts it into C. */
extern const char library_text[];

long long random_seed(void) {
  long long seed;
  if (getentropy(&seed, sizeof seed) != 0) __builtin_trap();
  return seed;
}

/* The generator behind the functions of `random`, as pocketpy has it: a Mersenne twister. */
static struct {
  uint32_t words[624];
  int used;
} *generator;

/* More words used than there are: it is seeded when the next number is drawn. */
void library_seed(void) { generator->used = 625; }

static bool fail(py_Ref path) { return OSError("[Errno %d] %s: %q", errno, strerror(errno), py_tosv(path)); }

/* Returns the bytes of a file: _read_file(path) */
static bool read_file(int argc, py_StackRef argv) {
  PY_CHECK_ARGC(1);
  PY_CHECK_ARG_TYPE(0, tp_str);
  int file = open(py_tostr(py_arg(0)), O_RDONLY);
  struct stat status;
  if (file < 0) return fail(py_arg(0));
  if (fstat(file, &status) < 0 || S_ISDIR(status.st_mode)) {
    close(file);
    errno = EISDIR;
    return fail(py_arg(0));
  }
  char *data = NULL;
  size_t length = 0, room = 0;
  ssize_t count;
  do {
    if (length == room) {
      room = room == 0 && status.st_size > 0 && status.st_size < 1 << 29 ? (size_t)status.st_size + 1
                                                                         : room + room / 2 + 4096;
      data = memory_resize(data, room);
    }
    count = read(file, data + length, room - length);
    if (count > 0) length += (size_t)count;
  } while (count > 0);
  close(file);
  if (count == 0) memcpy(py_newbytes(py_retval(), (int)length), data, length);
  memory_free(data);
  return count == 0 || fail(py_arg(0));
}

/* Writes bytes, to the end of what is there or instead of it: _write_file(path, data, appends) */
static bool write_file(int argc, py_StackRef argv) {
  PY_CHECK_ARGC(3);
  PY_CHECK_ARG_TYPE(0, tp_str);
  PY_CHECK_ARG_TYPE(1, tp_bytes);
  PY_CHECK_ARG_TYPE(2, tp_bool);
  int length;
  const unsigned char *data = py_tobytes(py_arg(1), &length);
  int file = open(py_tostr(py_arg(0)), O_WRONLY | O_CREAT | (py_tobool(py_arg(2)) ? O_APPEND : O_TRUNC), 0666);
  ssize_t written = file < 0 ? -1 : 0;
  for (int done = 0; done < length && written >= 0; done += (int)written)
    written = write(file, data + done, (size_t)(length - done));
  int reason = errno;
  if (file >= 0) close(file);
  errno = reason;
  py_newnone(py_retval());
  return written >= 0 || fail(py_arg(0));
}

/* os.listdir(path), in no particular order */
static bool list_directory(int argc, py_StackRef argv) {
  PY_CHECK_ARGC(1);
  PY_CHECK_ARG_TYPE(0, tp_str);
  DIR *directory = opendir(py_tostr(py_arg(0)));
  if (directory == NULL) return fail(py_arg(0));
  py_newlist(py_retval());
  for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
      py_newstr(py_list_emplace(py_retval()), entry->d_name);
  closedir(directory);
  return true;
}

static bool remove_file(int argc, py_StackRef argv) {
  PY_CHECK_ARGC(1);
  PY_CHECK_ARG_TYPE(0, tp_str);
  py_newnone(py_retval());
  return unlink(py_tostr(py_arg(0))) == 0 || fail(py_arg(0));
}

static bool path_exists(int argc, py_StackRef argv) {
  PY_CHECK_ARGC(1);
  PY_CHECK_ARG_TYPE(0, tp_str);
  struct stat status;
  py_newbool(py_retval(), stat(py_tostr(py_arg(0)), &status) == 0);
  return true;
}

/* exit(code), which pocketpy has end the whole instance. */
static bool leave(int argc, py_StackRef argv) {
  if (argc > 1) return TypeError("exit() takes at most 1 argument");
  return py_tpcall(tp_SystemExit, argc, argv) && py_raise(py_retval());
}

/* Does what the modules do that are left out: they reach the memory itself, other processes, a terminal, or run what
 * is no text. */
#define ABSENT(name)                                                                                                   \
  void name(void) {}
ABSENT(pk__add_module_stdc)
ABSENT(pk__add_module_pickle)
ABSENT(pk__add_module_conio)
ABSENT(pk__add_module_picoterm)
ABSENT(pk__add_module_pkpy)
ABSENT(pk__add_module_dis)
ABSENT(pk__add_module_importlib)
ABSENT(pk__add_module_lz4)
ABSENT(pk__add_module_cute_png)
ABSENT(pk__add_module_msgpack)
ABSENT(py__add_module_periphery)

void library_add(void) {
  py_GlobalRef builtins = py_getmodule("builtins"), os = py_newmodule("os");
  py_bindfunc(builtins, "_read_file", read_file);
  py_bindfunc(builtins, "_write_file", write_file);
  py_bindfunc(builtins, "exit", leave);
  py_bindfunc(os, "listdir", list_directory);
  py_bindfunc(os, "remove", remove_file);
  py_ItemRef path = py_emplacedict(os, py_name("path"));
  py_newobject(path, tp_object, -1, 0);
  py_bindfunc(path, "exists", path_exists);
  if (!py_exec(library_text, "<library>", EXEC_MODE, builtins)) py_printexc(), __builtin_trap();
  json_add();
  /* What it calls must not fail. */
  py_deldict(py_getmodule("gc"), py_name("setup_debug_callback"));
  /* random.random is a method of the one generator, which is in its first slot. */
  generator = py_touserdata(py_getslot(py_getdict(py_getmodule("random"), py_name("random")), 0));
  /* Relative paths are of the workspace. */
  if (chdir("/workspace") != 0) fputs("there is no workspace\n", stderr);
}
