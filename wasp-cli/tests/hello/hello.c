/* Greets by a plugin: hello PLUGIN. */

#include <stdio.h>
#include <stdlib.h>
#include <wasp.h>

static void check(wasp_error *error) {
  if (error != NULL) {
    fprintf(stderr, "%.*s\n", (int)wasp_error_message(error).len, wasp_error_message(error).ptr);
    exit(1);
  }
}

int main(int argc, char **argv) {
  wasp_value name = wasp_value_string("Nic"), result;
  wasp_engine *engine;
  wasp_instance *instance;
  (void)argc;
  check(wasp_engine_new(NULL, &engine));
  check(wasp_engine_register_file(engine, wasp_str("greeter"), wasp_str(argv[1]), NULL));
  check(wasp_instance_new(engine, wasp_str("greeter"), wasp_str(""), &instance));
  check(wasp_call(instance, wasp_str("hello"), &name, 1, WASP_STRING, &result));
  printf("%.*s\n", (int)result.of.slice.len, result.of.slice.ptr);
  wasp_instance_free(instance);
  wasp_engine_free(engine);
  return 0;
}
