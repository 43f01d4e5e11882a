/* The module "wasp:fs": the workspace and the volumes. */

#include "javascript.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
  int number;
  const char *name;
} codes[] = {
    {ENOENT, "ENOENT"},      {EACCES, "EACCES"}, {EEXIST, "EEXIST"}, {EISDIR, "EISDIR"},
    {ENOTDIR, "ENOTDIR"},    {EROFS, "EROFS"},   {ENOSPC, "ENOSPC"}, {EINVAL, "EINVAL"},
    {ENOTCAPABLE, "EACCES"}, {ELOOP, "ELOOP"},   {EPERM, "EPERM"},
};

/* Throws what `errno` says, as Node does: with the code as a property. */
static JSValue fail(const char *doing, const char *path) {
  const char *code = "EIO", *text = strerror(errno);
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
    if (codes[i].number == errno) code = codes[i].name;
  JSValue error = JS_NewError(js);
  char message[512];
  snprintf(message, sizeof message, "%s: %s, %s '%s'", code, text, doing, path);
  JS_DefinePropertyValueStr(js, error, "message", JS_NewString(js, message), JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE);
  JS_DefinePropertyValueStr(js, error, "code", JS_NewString(js, code), JS_PROP_C_W_E);
  return JS_Throw(js, error);
}

/* Returns the path of the first argument, from the workspace on where it is relative, made by malloc; NULL with an
 * exception. */
static char *path_of(JSValueConst given) {
  size_t length;
  const char *text = JS_IsString(given) ? JS_ToCStringLen(js, &length, given) : NULL;
  if (text == NULL || strlen(text) != length) {
    if (text != NULL) JS_FreeCString(js, text);
    JS_ThrowTypeError(js, "a path is a string without a NUL inside");
    return NULL;
  }
  char *path = wasp_string_concat(text[0] == '/' ? "" : "/workspace/", text, NULL);
  JS_FreeCString(js, text);
  return path;
}

/* Reads all of a file into a block made by malloc; NULL with an exception. */
static char *slurp(const char *path, size_t *length) {
  int file = open(path, O_RDONLY);
  struct stat status;
  char *data = NULL;
  size_t room = 0;
  *length = 0;
  if (file < 0 || fstat(file, &status) < 0) goto failed;
  if (S_ISDIR(status.st_mode)) {
    errno = EISDIR;
    goto failed;
  }
  for (;;) {
    if (*length == room) {
      size_t wanted = room == 0 && status.st_size > 0 ? (size_t)status.st_size + 1 : room + room / 2 + 4096;
      char *larger = realloc(data, wanted);
      if (larger == NULL) {
        free(data), close(file);
        JS_ThrowOutOfMemory(js);
        return NULL;
      }
      data = larger, room = wanted;
    }
    ssize_t count = read(file, data + *length, room - *length);
    if (count < 0) goto failed;
    if (count == 0) break;
    *length += (size_t)count;
  }
  close(file);
  return data;
failed:
  fail("open", path);
  free(data);
  if (file >= 0) close(file);
  return NULL;
}

/* readFile(path) and readFile(path, "utf8") */
static JSValue read_file(JSContext *context, JSValueConst this, int count, JSValueConst *args) {
  (void)context, (void)this;
  char *path = path_of(count > 0 ? args[0] : JS_UNDEFINED);
  if (path == NULL) return JS_EXCEPTION;
  size_t length;
  char *data = slurp(path, &length);
  free(path);
  if (data == NULL) return JS_EXCEPTION;
  bool as_text = count > 1 && !JS_IsUndefined(args[1]) && !JS_IsNull(args[1]);
  JSValue result =
      as_text ? text_decode((uint8_t *)data, length, false) : JS_NewUint8ArrayCopy(js, (uint8_t *)data, length);
  free(data);
  return result;
}

/* writeFile(path, data): a string, or bytes */
static JSValue write_file(JSContext *context, JSValueConst this, int count, JSValueConst *args) {
  (void)context, (void)this;
  packed_value value;
  value_kept kept;
  if (!value_from_js(count > 1 ? args[1] : JS_UNDEFINED, &value, &kept)) return value_release(&kept), JS_EXCEPTION;
  char *path = NULL;
  JSValue result = JS_UNDEFINED;
  if (value.kind != PACKED_STRING && value.kind != PACKED_BYTES) {
    result = JS_ThrowTypeError(js, "a file's data is a string or bytes");
  } else if ((path = path_of(args[0])) == NULL) {
    result = JS_EXCEPTION;
  } else {
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    ssize_t written = 0;
    for (uint32_t done = 0; file >= 0 && done < value.length && written >= 0; done += (uint32_t)written)
      written = write(file, value.data + done, value.length - done);
    if (file < 0 || written < 0) result = fail(file < 0 ? "open" : "write", path);
    if (file >= 0) close(file);
  }
  free(path);
  value_release(&kept);
  return result;
}

/* readdir(path): the names, sorted */
static JSValue read_directory(JSContext *context, JSValueConst this, int count, JSValueConst *args) {
  (void)context, (void)this;
  char *path = path_of(count > 0 ? args[0] : JS_UNDEFINED);
  if (path == NULL) return JS_EXCEPTION;
  DIR *directory = opendir(path);
  if (directory == NULL) {
    JSValue failed = fail("scandir", path);
    free(path);
    return failed;
  }
  free(path);
  JSValue names = JS_NewArray(js);
  uint32_t index = 0;
  for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    JS_SetPropertyUint32(js, names, index++, JS_NewString(js, entry->d_name));
  }
  closedir(directory);
  JSValue sorted = prelude_call("sort", 1, (JSValueConst *)&names);
  JS_FreeValue(js, names);
  return sorted;
}

static const JSCFunctionListEntry functions[] = {
    JS_CFUNC_DEF("readFile", 2, read_file),
    JS_CFUNC_DEF("writeFile", 2, write_file),
    JS_CFUNC_DEF("readdir", 1, read_directory),
};
const char files_names[] = "readFile, readdir, writeFile";
enum { COUNT = sizeof functions / sizeof *functions };

static int set_exports(JSContext *context, JSModuleDef *module) {
  return JS_SetModuleExportList(context, module, functions, COUNT);
}

JSModuleDef *files_module(const char *name) {
  JSModuleDef *module = JS_NewCModule(js, name, set_exports);
  if (module != NULL) JS_AddModuleExportList(js, module, functions, COUNT);
  return module;
}
