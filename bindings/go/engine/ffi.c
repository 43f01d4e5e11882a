#include "ffi.h"
#include "_cgo_export.h"

_Thread_local uintptr_t wasp_go_context;
_Thread_local uintptr_t wasp_go_failure;

void wasp_go_callback(void *user_data, wasp_caller *caller, const wasp_value *args, size_t arg_count) {
  wasp_go_invocation invocation;
  invocation.caller = caller;
  invocation.args = args;
  invocation.arg_count = arg_count;
  invocation.context = wasp_go_context;
  invocation.answer.kind = WASP_NONE;
  invocation.answered = false;
  invocation.failure = 0;
  waspGoCallback((uintptr_t)user_data, &invocation);
  if (invocation.failure != 0) {
    /* Nobody came for the last one: it failed on a thread that Go didn't call from. */
    if (wasp_go_failure != 0) waspGoFree(wasp_go_failure);
    wasp_go_failure = invocation.failure;
  } else if (!invocation.answered) {
    wasp_caller_set_result(caller, invocation.answer);
  }
}

void wasp_go_log(void *user_data, wasp_log_level level, wasp_slice message, const wasp_log_field *fields,
                 size_t field_count) {
  waspGoLog((uintptr_t)user_data, level, message, (wasp_log_field *)fields, field_count);
}

void wasp_go_free(void *user_data) { waspGoFree((uintptr_t)user_data); }
