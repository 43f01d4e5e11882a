/* Loads a plugin, calls its functions, and prints a line for each: `host PLUGIN.wasm`.
 *
 * With libwasp installed, this builds it; CMakeLists.txt beside it does the same with CMake:
 *
 *   cc -o host host.c $(pkg-config --cflags --libs wasp)
 *
 * and this links the library in, so that the program needs no libwasp.so:
 *
 *   cc -o host host.c $(pkg-config --static --cflags --libs wasp | sed s/-lwasp/-l:libwasp.a/)
 */

#include <wasp.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Prints a slice, which has no NUL at its end. */
#define PRINT(slice) (int)(slice).len, (slice).ptr

/* Ends the program if there is an error. A real host would look at its kind, and free it. */
static void check(wasp_error *error) {
  if (error != NULL) {
    fprintf(stderr, "%.*s\n", PRINT(wasp_error_message(error)));
    exit(1);
  }
}

/* What the plugin may call back. Nothing else of this process is visible to it. */
static void call_me(void *user_data, wasp_caller *caller, const wasp_value *args, size_t arg_count) {
  char answer[100];
  (void)user_data;
  (void)arg_count; /* as declared, and so are the kinds */
  snprintf(answer, sizeof answer, "Hello %.*s", PRINT(args[0].of.slice));
  wasp_caller_set_result(caller, wasp_value_string(answer));
}

/* A directory that the instance sees as /workspace. */
static char workspace[] = "/tmp/wasp-example-XXXXXX";

static FILE *open_in_workspace(const char *name, const char *mode) {
  char path[100];
  FILE *file;
  snprintf(path, sizeof path, "%s/%s", workspace, name);
  file = fopen(path, mode);
  if (file == NULL) {
    perror(path);
    exit(1);
  }
  return file;
}

static void make_workspace(void) {
  FILE *in;
  if (mkdtemp(workspace) == NULL) {
    perror(workspace);
    exit(1);
  }
  in = open_in_workspace("in.txt", "w");
  fputs("from the host", in);
  fclose(in);
}

static void print_out_txt(void) {
  FILE *out = open_in_workspace("out.txt", "r");
  int c;
  printf("out.txt: ");
  while ((c = getc(out)) != EOF) putchar(c);
  putchar('\n');
  fclose(out);
}

static void remove_workspace(void) {
  const char *names[] = {"in.txt", "out.txt"};
  char path[100];
  size_t i;
  for (i = 0; i < 2; i++) {
    snprintf(path, sizeof path, "%s/%s", workspace, names[i]);
    remove(path);
  }
  rmdir(workspace);
}

int main(int argc, char **argv) {
  const wasp_kind string = WASP_STRING;
  wasp_engine *engine;
  wasp_config *config;
  wasp_instance *instance;
  wasp_value args[2], result;
  wasp_error *error;
  size_t i;

  if (argc != 2) {
    fputs("usage: host PLUGIN.wasm\n", stderr);
    return 1;
  }
  make_workspace();
  atexit(remove_workspace);

  config = wasp_config_new();
  wasp_config_add_callback(config, wasp_str("env"), wasp_str("call_me"), &string, 1, WASP_STRING, call_me, NULL, NULL);
  check(wasp_engine_new(NULL, &engine));
  check(wasp_engine_register_file(engine, wasp_str("example"), wasp_str(argv[1]), config));
  wasp_config_free(config);
  check(wasp_instance_new(engine, wasp_str("example"), wasp_str(workspace), &instance));

  args[0] = wasp_value_i32(3);
  args[1] = wasp_value_i32(2);
  check(wasp_call(instance, wasp_str("sum"), args, 2, WASP_I32, &result));
  printf("sum: %d\n", (int)result.of.i32);

  args[0] = wasp_value_string("Nic");
  check(wasp_call(instance, wasp_str("hello"), args, 1, WASP_STRING, &result));
  printf("hello: %.*s\n", PRINT(result.of.slice));

  args[0] = wasp_value_bytes("\1\2\3", 3);
  check(wasp_call(instance, wasp_str("reverse"), args, 1, WASP_BYTES, &result));
  printf("reverse: [");
  for (i = 0; i < result.of.slice.len; i++) printf("%s%d", i == 0 ? "" : ", ", (unsigned char)result.of.slice.ptr[i]);
  printf("]\n");

  check(wasp_call(instance, wasp_str("callback"), NULL, 0, WASP_STRING, &result));
  printf("callback: %.*s\n", PRINT(result.of.slice));

  error = wasp_call(instance, wasp_str("fail"), NULL, 0, WASP_NONE, NULL);
  if (error == NULL)
    printf("fail: no error\n");
  else
    printf("fail: %.*s\n", PRINT(wasp_error_message(error)));
  wasp_error_free(error);

  args[0] = wasp_value_string("Nic");
  check(wasp_call(instance, wasp_str("workspace"), args, 1, WASP_STRING, &result));
  printf("workspace: %.*s\n", PRINT(result.of.slice));
  print_out_txt();

  wasp_instance_free(instance);
  wasp_engine_free(engine);
  return 0;
}
